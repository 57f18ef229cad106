import type { EngineOptions } from "../../src/engine/index.ts";

/** What a daemon has that was told nothing but its root. */
export function plainEngine(root: string): EngineOptions {
  return {
    root,
    debug: false,
    snapshotter: "auto",
    ociWorkerBinary: "",
    registries: {},
    insecureEntitlements: [],
    networkMode: "host",
    maxParallelism: 0,
  };
}
