import type { Digest } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";

/** One vertex of a build graph, as plain values. Its identity is not this value but the bytes it came as. */
export interface Op {
  readonly inputs: readonly Input[];
  readonly platform?: Platform;
  /** containerd filters a worker must match. */
  readonly workerFilters: readonly string[];
  readonly body: OpBody;
}

/** Output `index` of the vertex `digest`. */
export interface Input {
  readonly digest: Digest;
  readonly index: number;
}

export type OpBody = ExecOp | SourceOp | FileOp | BuildOp | MergeOp | DiffOp | PassthroughOp;

/** An input's position in `Op.inputs`; undefined is an empty tree (scratch). */
export type InputIndex = number | undefined;

// --- exec -----------------------------------------------------------------------------------------------------------

export interface ExecOp {
  readonly kind: "exec";
  readonly meta: ExecMeta;
  /** In the order of their outputs; the root file system is the one with dest "/". */
  readonly mounts: readonly Mount[];
  readonly network: NetworkMode;
  readonly security: SecurityMode;
  readonly secretEnv: readonly SecretEnv[];
  readonly devices: readonly CdiDevice[];
  /** Its network is one of its own, out of which only the builder's proxy leads. */
  readonly proxyNetwork?: boolean;
}

export type NetworkMode = "sandbox" | "host" | "none";
export type SecurityMode = "sandbox" | "insecure";

export interface ExecMeta {
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in an image config: `name`, `uid`, `name:group`, …; empty is root. */
  readonly user: string;
  readonly proxyEnv?: ProxyEnv;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly hostname: string;
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string;
  readonly removeMountStubsRecursive: boolean;
  /** Empty: only 0 is success. */
  readonly validExitCodes: readonly number[];
}

/** Given to the process; not part of the cache key. */
export interface ProxyEnv {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly ftpProxy: string;
  readonly noProxy: string;
  readonly allProxy: string;
}

export interface Ulimit {
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface SecretEnv {
  readonly id: string;
  readonly name: string;
  readonly optional: boolean;
}

export interface CdiDevice {
  readonly name: string;
  readonly optional: boolean;
}

export interface Mount {
  readonly input: InputIndex;
  /** Path inside the input that is mounted; empty is its root. */
  readonly selector: string;
  readonly dest: string;
  /** Position among the vertex's outputs; undefined: the changed tree is dropped. */
  readonly output: number | undefined;
  readonly readonly: boolean;
  readonly contentCache: "default" | "on" | "off";
  readonly resultId: string;
  readonly type: MountType;
}

export type MountType =
  | { readonly kind: "bind" }
  | { readonly kind: "cache"; readonly id: string; readonly sharing: CacheSharing }
  | { readonly kind: "tmpfs" /** Bytes; 0 is no limit. */; readonly size: number }
  | ({ readonly kind: "secret" } & SessionFile)
  | ({ readonly kind: "ssh" } & SessionFile);

export type CacheSharing = "shared" | "private" | "locked";

/** A file or socket that the caller's session provides. */
export interface SessionFile {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}

// --- source, build, merge, diff, passthrough ------------------------------------------------------------------------

export interface SourceOp {
  readonly kind: "source";
  /** `docker-image://…`, `local://…`, `git://…`, `https://…`, `oci-layout://…`. */
  readonly identifier: string;
  readonly attrs: ReadonlyMap<string, string>;
}

/** A nested build: `definition` (bytes of a pb.Definition) or the input `builder` names what to run. */
export interface BuildOp {
  readonly kind: "build";
  readonly builder: number;
  readonly inputs: ReadonlyMap<string, InputIndex>;
  readonly definition?: Uint8Array;
  readonly attrs: ReadonlyMap<string, string>;
}

/** Later inputs lie on top of earlier ones. */
export interface MergeOp {
  readonly kind: "merge";
  readonly inputs: readonly InputIndex[];
}

export interface DiffOp {
  readonly kind: "diff";
  readonly lower: InputIndex;
  readonly upper: InputIndex;
}

/** Output i is input `outputs[i]`, once all inputs are done. */
export interface PassthroughOp {
  readonly kind: "passthrough";
  readonly id: string;
  readonly outputs: readonly number[];
}

// --- file -----------------------------------------------------------------------------------------------------------

export interface FileOp {
  readonly kind: "file";
  readonly actions: readonly FileStep[];
}

/**
 * One change of a tree. `input` and `secondaryInput`: below `Op.inputs.length` an input, from there on the tree that the
 * action with index (value - inputs.length) made, which is always an earlier one; undefined is an empty tree.
 */
export interface FileStep {
  readonly input: InputIndex;
  readonly secondaryInput: InputIndex;
  /** Position among the vertex's outputs; undefined: only a step between. */
  readonly output: number | undefined;
  readonly action: FileAction;
}

export type FileAction = CopyAction | MkfileAction | MkdirAction | RemoveAction | SymlinkAction;

/** Copies `src` of the secondary input to `dest` of the input. */
export interface CopyAction {
  readonly kind: "copy";
  readonly src: string;
  readonly dest: string;
  readonly owner?: Owner;
  /** Permission bits; undefined keeps them. Ignored when `modeString` is set. */
  readonly mode: number | undefined;
  /** Symbolic mode as of chmod (`u+x`), or empty. */
  readonly modeString: string;
  readonly followSymlink: boolean;
  readonly dirCopyContents: boolean;
  readonly attemptUnpack: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly timestamp: Timestamp;
  readonly includePatterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly requiredPaths: readonly string[];
  readonly alwaysReplaceExistingDestPaths: boolean;
}

export interface MkfileAction {
  readonly kind: "mkfile";
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly owner?: Owner;
  readonly timestamp: Timestamp;
}

export interface MkdirAction {
  readonly kind: "mkdir";
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: Owner;
  readonly timestamp: Timestamp;
}

export interface RemoveAction {
  readonly kind: "rm";
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}

/** Makes `newPath` a link that says `oldPath`. */
export interface SymlinkAction {
  readonly kind: "symlink";
  readonly oldPath: string;
  readonly newPath: string;
  readonly owner?: Owner;
  readonly timestamp: Timestamp;
}

/** Nanoseconds since 1970, or undefined: leave times as they come. */
export type Timestamp = bigint | undefined;

export interface Owner {
  readonly user?: Principal;
  readonly group?: Principal;
}

/** A number, or a name looked up in the passwd or group file of the given input. */
export type Principal =
  | { readonly kind: "id"; readonly id: number }
  | { readonly kind: "name"; readonly name: string; readonly input: InputIndex };
