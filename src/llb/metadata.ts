import type { Init, pb } from "../wire/index.ts";
import { safeNumber } from "./from-wire.ts";

/** What a definition says of a vertex outside its identity. */
export interface OpMetadata {
  /** Execute even if a result is stored. */
  readonly ignoreCache: boolean;
  /** `llb.customname` is what progress shows. */
  readonly description: ReadonlyMap<string, string>;
  /** False: leave out of cache exports. Undefined: nothing was said. */
  readonly exportCache?: boolean;
  /** Capabilities that the builder must have for this vertex. */
  readonly caps: ReadonlySet<string>;
  readonly progressGroup?: ProgressGroup;
  readonly linuxResources?: LinuxResources;
}

export interface ProgressGroup {
  readonly id: string;
  readonly name: string;
  readonly weak: boolean;
}

/** Bytes, shares, microseconds, cpu lists; 0 or "" is no limit. memorySwap -1 is unlimited. */
export interface LinuxResources {
  readonly memory: number;
  readonly memorySwap: number;
  readonly cpuShares: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
}

export const noMetadata: OpMetadata = { ignoreCache: false, description: new Map(), caps: new Set() };

/** Both together, where `more` wins. */
export function mergeMetadata(base: OpMetadata, more: OpMetadata): OpMetadata {
  return {
    ...base,
    ...more,
    ignoreCache: base.ignoreCache || more.ignoreCache,
    description: new Map([...base.description, ...more.description]),
    caps: new Set([...base.caps, ...more.caps]),
  };
}

/** What goes with an op in a definition, as the wire has it. */
export function metadataToWire(metadata: OpMetadata): Init<pb.OpMetadata> {
  const { exportCache, progressGroup, linuxResources: limits } = metadata;
  return {
    ignoreCache: metadata.ignoreCache,
    description: metadata.description,
    exportCache: exportCache === undefined ? undefined : { value: exportCache },
    caps: new Map([...metadata.caps].map((cap) => [cap, true])),
    progressGroup,
    linuxResources: limits && {
      memory: BigInt(limits.memory),
      memorySwap: BigInt(limits.memorySwap),
      cpuShares: BigInt(limits.cpuShares),
      cpuPeriod: BigInt(limits.cpuPeriod),
      cpuQuota: BigInt(limits.cpuQuota),
      cpusetCpus: limits.cpusetCpus,
      cpusetMems: limits.cpusetMems,
    },
  };
}

/** Throws `llb/invalid` for numbers beyond 2^53. */
export function metadataFromWire(metadata: pb.OpMetadata): OpMetadata {
  return {
    ignoreCache: metadata.ignoreCache,
    description: metadata.description,
    ...(metadata.exportCache && { exportCache: metadata.exportCache.value }),
    caps: new Set([...metadata.caps].filter(([, wanted]) => wanted).map(([cap]) => cap)),
    ...(metadata.progressGroup && { progressGroup: metadata.progressGroup }),
    ...(metadata.linuxResources && { linuxResources: limitsFromWire(metadata.linuxResources) }),
  };
}

function limitsFromWire(limits: pb.LinuxResources): LinuxResources {
  return {
    memory: safeNumber(limits.memory, "memory limit"),
    memorySwap: safeNumber(limits.memorySwap, "memory limit"),
    cpuShares: safeNumber(limits.cpuShares, "cpu shares"),
    cpuPeriod: safeNumber(limits.cpuPeriod, "cpu period"),
    cpuQuota: safeNumber(limits.cpuQuota, "cpu quota"),
    cpusetCpus: limits.cpusetCpus,
    cpusetMems: limits.cpusetMems,
  };
}
