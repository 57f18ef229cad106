import { CooperError, parseDigest } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import { encode, pb } from "../wire/index.ts";
import { fileOpFromWire } from "./file-from-wire.ts";
import type { ExecMeta, ExecOp, Input, Mount, MountType, Op, OpBody, SessionFile } from "./op.ts";

/** A decoded op as checked values: every index is inside, every enum known. Throws `llb/invalid`. */
export function opFromWire(op: pb.Op): Op {
  const inputs = op.inputs.map(inputFromWire);
  return {
    inputs,
    ...(op.platform && { platform: platformFromWire(op.platform) }),
    workerFilters: op.constraints?.filter ?? [],
    body: bodyFromWire(op, inputs.length),
  };
}

export function inputFromWire(input: pb.Input): Input {
  return { digest: parseDigest(input.digest), index: nonNegative(input.index, "input's index") };
}

/** A platform of the wire: empty is absent. */
export function platformFromWire({ os, architecture, variant, osVersion, osFeatures }: pb.Platform): Platform {
  return {
    os,
    architecture,
    ...(variant !== "" && { variant }),
    ...(osVersion !== "" && { osVersion }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
}

/** -1 on the wire is none; anything else must be below `limit`. */
export function indexFromWire(index: bigint, limit: number): number | undefined {
  if (index === -1n) return undefined;
  if (index < 0n || index >= BigInt(limit)) throw invalid(`input ${index} of ${limit}`);
  return Number(index);
}

export function invalid(what: string): CooperError {
  return new CooperError("llb/invalid", `cannot load build definition: invalid ${what}`);
}

export function safeNumber(value: bigint, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalid(`${what} ${value}`);
  return number;
}

function nonNegative(value: bigint, what: string): number {
  if (value < 0n || value > 0xffffn) throw invalid(`${what} ${value}`);
  return Number(value);
}

function bodyFromWire(op: pb.Op, inputs: number): OpBody {
  const body = op.op;
  switch (body?.case) {
    case undefined:
      throw invalid("op: it has no body");
    case "exec":
      return execFromWire(body.value, inputs);
    case "source":
      if (body.value.identifier === "") throw invalid("source: empty identifier");
      return { kind: "source", identifier: body.value.identifier, attrs: body.value.attrs };
    case "file":
      return fileOpFromWire(body.value, inputs);
    case "merge":
      return { kind: "merge", inputs: body.value.inputs.map(({ input }) => indexFromWire(input, inputs)) };
    case "diff": {
      const [lower, upper] = [body.value.lower?.input ?? 0n, body.value.upper?.input ?? 0n];
      return { kind: "diff", lower: indexFromWire(lower, inputs), upper: indexFromWire(upper, inputs) };
    }
    case "passthrough": {
      const outputs = body.value.outputs.map((index) => indexFromWire(index, inputs) ?? -1);
      if (outputs.length === 0 || outputs.includes(-1)) throw invalid("passthrough: output without input");
      return { kind: "passthrough", id: body.value.id, outputs };
    }
    case "build":
      return buildFromWire(body.value, inputs);
  }
}

function buildFromWire(op: pb.BuildOp, inputs: number): OpBody {
  return {
    kind: "build",
    builder: safeNumber(op.builder, "builder"),
    inputs: new Map([...op.inputs].map(([name, { input }]) => [name, indexFromWire(input, inputs)])),
    ...(op.def && { definition: encode(pb.Definition, op.def) }),
    attrs: op.attrs,
  };
}

function execFromWire(op: pb.ExecOp, inputs: number): ExecOp {
  if (op.meta === undefined || op.meta.args.length === 0) throw invalid("exec: no arguments");
  if (op.mounts.length === 0) throw invalid("exec: no mounts");
  return {
    kind: "exec",
    meta: metaFromWire(op.meta),
    mounts: op.mounts.map((mount) => mountFromWire(mount, inputs, op.mounts.length)),
    network: pick(["sandbox", "host", "none"], op.network, "network mode"),
    security: pick(["sandbox", "insecure"], op.security, "security mode"),
    secretEnv: op.secretenv,
    ...(op.proxyNetwork && { proxyNetwork: true }),
    devices: op.cdiDevices,
  };
}

function metaFromWire(meta: pb.Meta): ExecMeta {
  const { args, env, cwd, user, hostname, cgroupParent, removeMountStubsRecursive, validExitCodes } = meta;
  return {
    ...{ args, env, cwd, user, hostname, cgroupParent, removeMountStubsRecursive, validExitCodes },
    ...(meta.proxyEnv && { proxyEnv: meta.proxyEnv }),
    extraHosts: meta.extraHosts,
    ulimits: meta.ulimit.map(({ name, soft, hard }) => ({
      name,
      soft: safeNumber(soft, "ulimit"),
      hard: safeNumber(hard, "ulimit"),
    })),
  };
}

function mountFromWire(mount: pb.Mount, inputs: number, mounts: number): Mount {
  if (mount.dest === "") throw invalid("mount: empty destination");
  const type = mountTypeFromWire(mount);
  const session = type.kind === "secret" || type.kind === "ssh";
  return {
    input: indexFromWire(mount.input, inputs),
    selector: mount.selector,
    dest: mount.dest,
    output: session ? undefined : indexFromWire(mount.output, mounts),
    readonly: mount.readonly,
    contentCache: pick(["default", "on", "off"], mount.contentCache, "content cache mode"),
    resultId: mount.resultID,
    type,
  };
}

/** What kind of mount it is, with its options. Throws `llb/invalid`. */
export function mountTypeFromWire(mount: pb.Mount): MountType {
  switch (mount.mountType) {
    case pb.MountType.BIND:
      return { kind: "bind" };
    case pb.MountType.CACHE: {
      if (mount.cacheOpt === undefined) throw invalid("mount: cache without options");
      const sharing = pick(["shared", "private", "locked"], mount.cacheOpt.sharing, "cache sharing mode");
      return { kind: "cache", id: mount.cacheOpt.id, sharing };
    }
    case pb.MountType.TMPFS:
      return { kind: "tmpfs", size: safeNumber(mount.tmpfsOpt?.size ?? 0n, "tmpfs size") };
    case pb.MountType.SECRET:
      return { kind: "secret", ...sessionFile(mount.secretOpt) };
    case pb.MountType.SSH:
      return { kind: "ssh", ...sessionFile(mount.sshOpt) };
    default:
      throw invalid(`mount type ${mount.mountType}`);
  }
}

function sessionFile(options: pb.SecretOpt | undefined): SessionFile {
  if (options === undefined) throw invalid("mount: secret or ssh without options");
  const { id, uid, gid, mode, optional } = options;
  return { id, uid, gid, mode, optional };
}

function pick<const T>(names: readonly T[], index: number, what: string): T {
  const name = names[index];
  if (name === undefined) throw invalid(`${what} ${index}`);
  return name;
}
