import { isIP } from "node:net";
import { Code, gateway, type Handler, rpcError, unary } from "../grpc/index.ts";
import { mountTypeFromWire, type NetworkMode, platformFromWire } from "../llb/index.ts";
import type { pb } from "../wire/index.ts";
import type { ContainerMount, ContainerRequest, GatewayBridge, GatewayContainer } from "./contract.ts";
import { rangeOf, statMessage } from "./file-message.ts";
import type { Call } from "./handlers.ts";

/** Containers by the names that their clients gave them, for each build apart. */
export class Containers {
  readonly #byBuild = new WeakMap<GatewayBridge, Map<string, GatewayContainer | "opening">>();

  /** Throws ALREADY_EXISTS. */
  async open(bridge: GatewayBridge, id: string, request: ContainerRequest): Promise<void> {
    const containers = this.#of(bridge);
    if (containers.has(id)) throw rpcError(Code.ALREADY_EXISTS, `Container ${id} already exists`);
    containers.set(id, "opening");
    try {
      containers.set(id, await bridge.openContainer(request));
    } catch (error) {
      containers.delete(id);
      throw error;
    }
  }

  find(bridge: GatewayBridge, id: string): GatewayContainer | undefined {
    const found = this.#of(bridge).get(id);
    return found === "opening" ? undefined : found;
  }

  /** It is forgotten, and whoever asked is the one to release it. */
  take(bridge: GatewayBridge, id: string): GatewayContainer | undefined {
    const found = this.find(bridge, id);
    if (found !== undefined) this.#of(bridge).delete(id);
    return found;
  }

  #of(bridge: GatewayBridge): Map<string, GatewayContainer | "opening"> {
    let containers = this.#byBuild.get(bridge);
    if (containers === undefined) {
      containers = new Map();
      this.#byBuild.set(bridge, containers);
    }
    return containers;
  }
}

/** Opening and releasing, and the files of mounts. */
export function containerHandlers(
  containers: Containers,
  bridgeOf: (call: Call) => Promise<GatewayBridge>,
): readonly Handler[] {
  const { LLBBridgeService: service } = gateway;
  const containerOf = async (call: Call, { ref, mountIndex }: { ref: string; mountIndex: number }) => {
    const found = containers.find(await bridgeOf(call), ref);
    if (found !== undefined) return found;
    throw rpcError(Code.UNKNOWN, `container details for ${ref}@${mountIndex} not found`);
  };
  return [
    unary(service.NewContainer, async (request, call) => {
      await containers.open(await bridgeOf(call), request.containerID, containerRequest(request));
      return {};
    }),
    unary(service.ReleaseContainer, async ({ containerID }, call) => {
      const found = containers.take(await bridgeOf(call), containerID);
      if (found === undefined) throw rpcError(Code.UNKNOWN, `container details for ${containerID} not found`);
      await found.release();
      return {};
    }),
    unary(service.ReadFileContainer, async (request, call) => {
      const { offset, limit } = rangeOf(request.range);
      const container = await containerOf(call, request);
      const data = await container.readFile(request.mountIndex, absolute(request.filePath), limit);
      return { data: data.subarray(offset) };
    }),
    unary(service.ReadDirContainer, async (request, call) => {
      const container = await containerOf(call, request);
      const entries = await container.readDir(request.mountIndex, absolute(request.dirPath), request.includePattern);
      return { entries: entries.map(statMessage) };
    }),
    unary(service.StatFileContainer, async (request, call) => {
      const container = await containerOf(call, request);
      return { stat: statMessage(await container.fileInfo(request.mountIndex, absolute(request.path))) };
    }),
  ];
}

function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  throw rpcError(Code.UNKNOWN, `can't make ${path} relative to /`);
}

function containerRequest(request: gateway.NewContainerRequest): ContainerRequest {
  return {
    mounts: request.mounts.map(containerMount),
    network: networkOf(request.network),
    hostname: request.hostname,
    extraHosts: request.extraHosts.map(extraHost),
    ...(request.platform && { platform: platformFromWire(request.platform) }),
  };
}

function containerMount(mount: pb.Mount): ContainerMount {
  const { dest, selector, readonly, resultID } = mount;
  const type = mountTypeFromWire(mount);
  if (dest === "/" && type.kind !== "bind") {
    throw rpcError(Code.UNKNOWN, `invalid mount type ${type.kind.toUpperCase()} for /`);
  }
  return { dest, selector, readonly, type, ...(resultID !== "" && { ref: resultID }) };
}

function networkOf(mode: number): NetworkMode {
  const name = (["sandbox", "host", "none"] as const)[mode];
  if (name === undefined) throw rpcError(Code.INVALID_ARGUMENT, `invalid network mode ${mode}`);
  return name;
}

function extraHost({ host, ip }: pb.HostIP) {
  if (isIP(ip) === 0) throw rpcError(Code.UNKNOWN, `failed to parse IP ${ip}`);
  return { host, ip };
}
