import type { Readable, Writable } from "node:stream";
import type { DefinitionBytes, FrontendBridge, FrontendRef, FrontendResult } from "../frontend/index.ts";
import type { MountType, NetworkMode, SecretEnv, SecurityMode } from "../llb/index.ts";
import type { Platform } from "../oci/index.ts";

/**
 * What a frontend that runs elsewhere may ask beside what any may. Errors of vertices say where in the source they belong, and their
 * `details` may be `FailedSolve`.
 */
export interface GatewayBridge extends FrontendBridge {
  /** What the client passed to the frontend by value. */
  readonly inputs: ReadonlyMap<string, DefinitionBytes>;
  /** The marshalled definition behind a ref; undefined for scratch. */
  definitionOf(ref: FrontendRef): Uint8Array | undefined;
  /** Runs what the ref needs. */
  evaluate(ref: FrontendRef): Promise<void>;
  /** Throws `frontend/not-found`. */
  fileInfo(ref: FrontendRef, path: string): Promise<FileInfo>;
  /** A folder's entries by name, those that match the shell pattern when one is given. */
  readDir(ref: FrontendRef, path: string, pattern: string): Promise<readonly FileInfo[]>;
  /** Caches to look in for what is solved from now on. One that cannot be had shows in the progress, and is no error. */
  importCaches(
    caches: readonly { readonly type: string; readonly attrs: Readonly<Record<string, string>> }[],
  ): Promise<void>;
  /** Opens a container; nothing runs in it yet. It ends with the build at the latest. Throws `engine/unknown-ref`, and what its mounts throw. */
  openContainer(request: ContainerRequest): Promise<GatewayContainer>;
}

/** A file of a tree, by its lstat. */
export interface FileInfo {
  readonly name: string;
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "character" | "block" | "socket";
  /** 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly linkTarget?: string;
}

/**
 * `details` of an error of a vertex: what a client needs to look at what failed. Ids can be used as `ref` of a container's mount;
 * empty where there is nothing.
 */
export interface FailedSolve {
  readonly kind: "solve";
  /** The op as it was sent. */
  readonly op: Uint8Array;
  /** Its description, as in the definition's metadata. */
  readonly description: ReadonlyMap<string, string>;
  readonly inputIds: readonly string[];
  readonly mountIds: readonly string[];
  /** Which of a file op's actions failed, or which input could not be hashed. */
  readonly subject?: { readonly kind: "file" | "cache"; readonly index: number };
}

export interface ContainerRequest {
  readonly mounts: readonly ContainerMount[];
  readonly network: NetworkMode;
  readonly hostname: string;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  /** Whose programs it runs; the machine's own by default. */
  readonly platform?: Platform;
  /** Files of the builder's own that it sees, read-only, in the folder `target`. */
  readonly files?: { readonly target: string; readonly files: ReadonlyMap<string, Uint8Array> };
}
export interface ContainerMount {
  readonly dest: string;
  readonly selector: string;
  readonly readonly: boolean;
  readonly type: MountType;
  /** What is seen there: a solved reference, or an id of `FailedSolve`. Undefined: an empty tree. */
  readonly ref?: string;
}

export interface ProcessRequest {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly secretEnv: readonly SecretEnv[];
  readonly cwd: string;
  /** Empty: the first process's, which is root by default. */
  readonly user: string;
  readonly security: SecurityMode;
  readonly removeMountStubs: boolean;
  readonly stdin: boolean;
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

/** A process that was started. Streams have back pressure: who asks for them must read them. */
export interface GatewayProcess {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a terminal. */
  readonly stderr: Readable | undefined;
  signal(name: string): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** Rejects when it could not be started, or was cancelled. */
  readonly exit: Promise<{ readonly exitCode: number }>;
}

export interface GatewayContainer {
  /** The first process is the container's own: when it ends, the others are killed. Throws `engine/entitlement`, `ops/no-secret`. */
  start(request: ProcessRequest): Promise<GatewayProcess>;
  /** Files of the mount with that index, as processes see them now. Throws `frontend/not-found`, `engine/bad-mount-index`. */
  readFile(mount: number, path: string, limit?: number): Promise<Uint8Array>;
  readDir(mount: number, path: string, pattern: string): Promise<readonly FileInfo[]>;
  fileInfo(mount: number, path: string): Promise<FileInfo>;
  /** Ends its processes and gives everything back. Rejects, after that, with the first failure of a process: upstream's way. */
  release(): Promise<void>;
}

/** The frontend's end of one build: where its calls go, and its answer. */
export interface GatewayCaller {
  readonly bridge: GatewayBridge;
  returns(result: FrontendResult): void;
  fails(error: unknown): void;
}
