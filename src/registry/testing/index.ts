export { DockerRegistry, type DockerRegistryOptions } from "./docker-registry.ts";
export type { GuardOptions } from "./guard.ts";
export { MemoryRegistry, type MemoryRegistryOptions, type Misbehaviour, type SeenRequest } from "./memory-registry.ts";
