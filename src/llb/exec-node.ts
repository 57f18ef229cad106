import { CooperError } from "../kit/index.ts";
import { compareBytes, type Platform } from "../oci/index.ts";
import { caps } from "./caps.ts";
import type { EnvList } from "./env-list.ts";
import type { VertexOptions } from "./node.ts";
import { locationsOf, type MarshalContext, type MarshalledNode, metadataOf, type Node, type Output } from "./node.ts";
import type {
  CacheSharing,
  CdiDevice,
  ExecOp,
  Input,
  Mount,
  NetworkMode,
  ProxyEnv,
  SecretEnv,
  SecurityMode,
  SessionFile,
  Ulimit,
} from "./op.ts";

/** What a mounted tree is and what becomes of it. */
export interface RunMountOptions {
  readonly target: string;
  /** Undefined: scratch. */
  readonly source: Output | undefined;
  readonly selector?: string;
  readonly readonly?: boolean;
  /** Writable, but the changes are dropped. */
  readonly noOutput?: boolean;
  readonly cache?: { readonly id: string; readonly sharing: CacheSharing };
  readonly tmpfs?: { readonly size: number };
}

/** A secret as a file (`target`), as a variable (`env`), or both. */
export interface RunSecret extends SessionFile {
  readonly target: string | undefined;
  readonly env: string | undefined;
}

export interface RunSsh extends SessionFile {
  /** Empty: `/run/buildkit/ssh_agent.N`. */
  readonly target: string;
}

export interface RunOptions extends VertexOptions {
  readonly args: readonly string[];
  readonly mounts?: readonly RunMountOptions[];
  readonly secrets?: readonly RunSecret[];
  readonly ssh?: readonly RunSsh[];
  readonly network?: NetworkMode | undefined;
  readonly security?: SecurityMode;
  readonly proxyEnv?: ProxyEnv | undefined;
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits?: readonly Ulimit[];
  readonly devices?: readonly CdiDevice[];
  readonly cgroupParent?: string;
}

/** The settings of the state that a process starts in. */
interface ExecBase {
  readonly output: Output | undefined;
  readonly env: EnvList;
  readonly dir: string;
  readonly user: string;
  readonly hostname: string;
  readonly network: NetworkMode;
  readonly platform: Platform | undefined;
}

/** The node of a `run`: its inputs and outputs are the trees of its mounts. */
export class ExecNode implements Node {
  readonly root: Output;
  readonly #base: ExecBase;
  readonly #options: RunOptions;
  /** Sorted by target, which decides the order of inputs and outputs. */
  readonly #mounts: readonly RunMountOptions[];

  constructor(base: ExecBase, options: RunOptions) {
    const root: RunMountOptions = { target: "/", source: base.output };
    this.#base = base;
    this.#options = options;
    this.#mounts = [root, ...(options.mounts ?? [])].sort((a, b) => compareBytes(a.target, b.target));
    this.root = { kind: "node", node: this, index: () => this.#mounts.filter(hasOutput).indexOf(root) };
  }

  /** What the mount holds after the process ran. Throws `llb/invalid` when there is no such mount. */
  outputOf(target: string): Output {
    const mount = this.#mounts.find((one) => one.target === target && hasOutput(one));
    if (mount === undefined) throw new CooperError("llb/invalid", `no output at ${target}`);
    return { kind: "node", node: this, index: () => this.#mounts.filter(hasOutput).indexOf(mount) };
  }

  inputs(): readonly Output[] {
    return [...new Set(this.#mounts.flatMap(({ source }) => (source === undefined ? [] : [source])))];
  }

  marshal(context: MarshalContext): MarshalledNode {
    if (this.#options.args.length === 0) throw new CooperError("llb/invalid", "arguments are required");
    const options = this.#options;
    const inputs: Input[] = [];
    const body = this.#body(this.#treeMounts(context, inputs));
    const platform = options.platform ?? this.#base.platform ?? context.platform;
    return {
      op: { inputs, platform, workerFilters: [], body },
      metadata: metadataOf(options, this.#caps(context, body)),
      locations: locationsOf(options),
    };
  }

  #body(mounts: readonly Mount[]): ExecOp {
    const { secrets = [], ssh = [], devices = [] } = this.#options;
    const sockets = ssh.map((socket, at) => ({ ...socket, target: socket.target || `/run/buildkit/ssh_agent.${at}` }));
    return {
      kind: "exec",
      meta: this.#meta(sockets[0]?.target),
      mounts: [
        ...mounts,
        ...secrets.flatMap(secretMount),
        ...sockets.map((file) => sessionMount("ssh", file, file.target)),
      ],
      network: this.#options.network ?? this.#base.network,
      security: this.#options.security ?? "sandbox",
      secretEnv: secrets.flatMap(secretEnv),
      devices,
    };
  }

  #meta(sshSocket: string | undefined): ExecOp["meta"] {
    const { args, proxyEnv, extraHosts = [], ulimits = [], cgroupParent = "" } = this.#options;
    let { env } = this.#base;
    if (sshSocket !== undefined && env.get("SSH_AUTH_SOCK") === undefined) env = env.set("SSH_AUTH_SOCK", sshSocket);
    return {
      args,
      env: env.toArray(),
      cwd: this.#base.dir,
      user: this.#base.user,
      ...(proxyEnv && { proxyEnv }),
      extraHosts,
      hostname: this.#base.hostname,
      ulimits,
      cgroupParent,
      removeMountStubsRecursive: true,
      validExitCodes: [],
    };
  }

  #treeMounts(context: MarshalContext, inputs: Input[]): Mount[] {
    let outputs = 0;
    return this.#mounts.map((mount) => ({
      input: addInput(inputs, context.inputOf(mount.source)),
      selector: mount.selector ?? "",
      dest: mount.target,
      output: hasOutput(mount) ? outputs++ : undefined,
      readonly: mount.readonly === true,
      contentCache: "default",
      resultId: "",
      type: mountType(mount),
    }));
  }

  #caps(context: MarshalContext, op: ExecOp): Set<string> {
    const needed = new Set<string>([caps.execMetaBase]);
    const need = (condition: boolean, ...ids: readonly string[]) => {
      if (condition) for (const id of ids) needed.add(id);
    };
    const { secrets = [], ssh = [] } = this.#options;
    need(context.capabilities?.has(caps.execMetaSetsDefaultPath) === true, caps.execMetaSetsDefaultPath);
    need(op.meta.ulimits.length > 0, caps.execMetaUlimit);
    need(this.#options.linuxResources !== undefined, caps.execMetaLinuxResources);
    need(op.network !== "sandbox", caps.execMetaNetwork);
    need(op.security !== "sandbox", caps.execMetaSecurity);
    need(op.meta.proxyEnv !== undefined, caps.execMetaProxy);
    need(op.devices.length > 0, caps.execMetaCdi);
    need(secrets.length > 0, caps.execMountSecret);
    need(op.secretEnv.length > 0, caps.execSecretEnv);
    need(ssh.length > 0, caps.execMountSsh);
    for (const mount of this.#mounts) {
      need((mount.selector ?? "") !== "", caps.execMountSelector);
      if (mount.cache !== undefined) need(true, caps.execMountCache, caps.execMountCacheSharing);
      else if (mount.tmpfs !== undefined) {
        need(true, caps.execMountTmpfs);
        need(mount.tmpfs.size > 0, caps.execMountTmpfsSize);
      } else need(mount.source !== undefined, caps.execMountBind);
    }
    return needed;
  }
}

/** The input's position, added if it is new. */
export function addInput(inputs: Input[], input: Input | undefined): number | undefined {
  if (input === undefined) return undefined;
  const at = inputs.findIndex(({ digest, index }) => digest === input.digest && index === input.index);
  return at >= 0 ? at : inputs.push(input) - 1;
}

function hasOutput(mount: RunMountOptions): boolean {
  return !mount.noOutput && !mount.readonly && mount.cache === undefined && mount.tmpfs === undefined;
}

function mountType(mount: RunMountOptions): Mount["type"] {
  if (mount.tmpfs !== undefined) return { kind: "tmpfs", size: mount.tmpfs.size };
  return mount.cache === undefined ? { kind: "bind" } : { kind: "cache", ...mount.cache };
}

function secretMount(secret: RunSecret): Mount[] {
  return secret.target === undefined ? [] : [sessionMount("secret", secret, secret.target)];
}

function secretEnv(secret: RunSecret): SecretEnv[] {
  return secret.env === undefined ? [] : [{ id: secret.id, name: secret.env, optional: secret.optional }];
}

function sessionMount(kind: "secret" | "ssh", { id, uid, gid, mode, optional }: SessionFile, dest: string): Mount {
  return {
    input: undefined,
    selector: "",
    dest,
    output: undefined,
    readonly: false,
    contentCache: "default",
    resultId: "",
    type: { kind, id, uid, gid, mode, optional },
  };
}
