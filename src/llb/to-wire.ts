import type { Platform } from "../oci/index.ts";
import { type Init, pb } from "../wire/index.ts";
import { fileOpToWire } from "./file-to-wire.ts";
import type { ExecMeta, ExecOp, InputIndex, Mount, MountType, Op, OpBody } from "./op.ts";

type WireOp = Init<pb.Op>;

/** An op's wire form, field for field. */
export function opToWire(op: Op): WireOp {
  return {
    inputs: op.inputs.map((input) => ({ digest: input.digest, index: BigInt(input.index) })),
    platform: op.platform && platformToWire(op.platform),
    constraints: { filter: op.workerFilters },
    op: bodyToWire(op.body),
  };
}

/** A platform's wire form: absent is empty. */
export function platformToWire({ os, architecture, variant, osVersion, osFeatures }: Platform): pb.Platform {
  return { os, architecture, variant: variant ?? "", osVersion: osVersion ?? "", osFeatures: osFeatures ?? [] };
}

/** -1 on the wire is no input (or no output). */
export function indexToWire(index: InputIndex): bigint {
  return index === undefined ? -1n : BigInt(index);
}

function bodyToWire(body: OpBody): WireOp["op"] {
  switch (body.kind) {
    case "exec":
      return { case: "exec", value: execToWire(body) };
    case "source":
      return { case: "source", value: { identifier: body.identifier, attrs: body.attrs } };
    case "file":
      return { case: "file", value: fileOpToWire(body) };
    case "merge":
      return { case: "merge", value: { inputs: body.inputs.map((input) => ({ input: indexToWire(input) })) } };
    case "diff": {
      const [lower, upper] = [{ input: indexToWire(body.lower) }, { input: indexToWire(body.upper) }];
      return { case: "diff", value: { lower, upper } };
    }
    case "passthrough":
      return { case: "passthrough", value: { id: body.id, outputs: body.outputs.map(BigInt) } };
    case "build":
      throw new TypeError("build ops are only read, never made");
  }
}

function execToWire(op: ExecOp): Init<pb.ExecOp> {
  return {
    meta: metaToWire(op.meta),
    mounts: op.mounts.map(mountToWire),
    network: { sandbox: pb.NetMode.UNSET, host: pb.NetMode.HOST, none: pb.NetMode.NONE }[op.network],
    security: { sandbox: pb.SecurityMode.SANDBOX, insecure: pb.SecurityMode.INSECURE }[op.security],
    secretenv: op.secretEnv,
    cdiDevices: op.devices,
  };
}

function metaToWire(meta: ExecMeta): Init<pb.Meta> {
  return {
    args: meta.args,
    env: meta.env,
    cwd: meta.cwd,
    user: meta.user,
    proxyEnv: meta.proxyEnv,
    extraHosts: meta.extraHosts,
    hostname: meta.hostname,
    ulimit: meta.ulimits.map(({ name, soft, hard }) => ({ name, soft: BigInt(soft), hard: BigInt(hard) })),
    cgroupParent: meta.cgroupParent,
    removeMountStubsRecursive: meta.removeMountStubsRecursive,
    validExitCodes: meta.validExitCodes,
  };
}

function mountToWire(mount: Mount): Init<pb.Mount> {
  // Upstream leaves the output of a secret or ssh socket at 0, although it has none.
  const session = mount.type.kind === "secret" || mount.type.kind === "ssh";
  return {
    input: indexToWire(mount.input),
    selector: mount.selector,
    dest: mount.dest,
    output: session ? 0n : indexToWire(mount.output),
    readonly: mount.readonly,
    resultID: mount.resultId,
    contentCache: { default: 0, on: 1, off: 2 }[mount.contentCache],
    ...mountTypeToWire(mount.type),
  };
}

function mountTypeToWire(type: MountType): Init<pb.Mount> {
  switch (type.kind) {
    case "bind":
      return {};
    case "cache": {
      const sharing = { shared: 0, private: 1, locked: 2 }[type.sharing];
      return { mountType: pb.MountType.CACHE, cacheOpt: { id: type.id, sharing } };
    }
    case "tmpfs":
      return { mountType: pb.MountType.TMPFS, tmpfsOpt: { size: BigInt(type.size) } };
    case "secret":
      return { mountType: pb.MountType.SECRET, secretOpt: type };
    case "ssh":
      return { mountType: pb.MountType.SSH, sshOpt: type };
  }
}
