import type { Readable, Writable } from "node:stream";
import type { Scope } from "../kit/index.ts";
import type { DnsOptions } from "./rootfs/network-files.ts";

/** A mount into the step, beside those that every step gets (proc, sys, dev, …). The caller prepared `source` and cleans it up. */
export type StepMount =
  | {
      readonly kind: "bind";
      readonly source: string;
      readonly target: string;
      readonly readonly: boolean;
      /** More mount options (`nosuid`, `nodev`, `noexec`). */
      readonly options?: readonly string[];
    }
  | { readonly kind: "tmpfs"; readonly target: string; readonly sizeBytes?: number };

/** One process to run in a root file system. Fields mean what LLB's `Meta` and `ExecOp` mean. */
export interface Step {
  /** A mounted, writable (unless `readonlyRootfs`) tree on this machine. */
  readonly rootfs: string;
  readonly readonlyRootfs: boolean;
  readonly mounts: readonly StepMount[];
  readonly args: readonly string[];
  /** `NAME=value`, final. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** `user`, `uid`, `user:group`, …; names are looked up in the rootfs's /etc/passwd and /etc/group. Empty: root. */
  readonly user: string;
  readonly hostname: string;
  readonly network: "sandbox" | "host" | "none";
  readonly security: "sandbox" | "insecure";
  /** Rights that differ from what `security` gives, each where it is stated. Drivers without namespaces may not keep them. */
  readonly rights?: StepRights;
  /** A network namespace to join, by its file (`/proc/PID/ns/net`); `network` then only says which name servers there are. */
  readonly networkNamespace?: string;
  /** What that network says of name servers, each list only when it is not empty; the machine's own local ones do not count there. */
  readonly nameServers?: DnsOptions;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
  /** `source`: where it is on this machine, when that is another path; `access`: letters of `rwm`, all by default. */
  readonly devices: readonly { readonly path: string; readonly source?: string; readonly access?: string }[];
  /** Programs that the runtime starts around the process (runtime spec, "POSIX-platform Hooks"). Drivers without a runtime leave them out. */
  readonly hooks?: readonly StepHook[];
  readonly limits?: {
    readonly memoryBytes?: number;
    /** Memory and swap together; -1: no limit. */
    readonly memorySwapBytes?: number;
    readonly cpuShares?: number;
    /** Microseconds of CPU per `cpuPeriod` microseconds. */
    readonly cpuQuota?: number;
    readonly cpuPeriod?: number;
    readonly cpusetCpus?: string;
    readonly cpusetMems?: string;
    readonly pids?: number;
  };
  /** Remove files that only exist as mount points for this step (upstream's RemoveMountStubsRecursive). */
  readonly removeMountStubs: boolean;
}

export interface StepHook {
  /** `createRuntime`, `createContainer`, `startContainer`, `poststart`, `poststop`, `prestart`. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Seconds. */
  readonly timeout: number | undefined;
}

/** What Kubernetes calls a security context, as far as a runtime spec holds it. */
export interface StepRights {
  /** The whole set, `CAP_…`; of a user other than root none is effective, as Kubernetes has it. */
  readonly capabilities?: readonly string[];
  /** `default`: the profile of steps; else a profile of the runtime spec (`linux.seccomp`), made for this machine. */
  readonly seccomp?: "default" | "unconfined" | Readonly<Record<string, unknown>>;
  readonly noNewPrivileges?: boolean;
  /** Nothing of /proc and /sys is masked or read-only (`procMount: Unmasked`). */
  readonly unmasked?: boolean;
  /** Groups beside the user's own. */
  readonly additionalGids?: readonly number[];
}

/** Output as it comes. `stream`: 1 standard output, 2 standard error. */
export type StepOutput = (stream: 1 | 2, chunk: Uint8Array) => void;

export interface StepResult {
  readonly exitCode: number;
  /** Set when processes of the step were killed because it had this limit of memory, in bytes. */
  readonly oomKilledAt?: number;
  /** What may have made it fail, and what to do about it, when the surroundings may be to blame. */
  readonly hint?: string | undefined;
}

/** What a container is, apart from the processes in it. */
export type ContainerSpec = Omit<Step, "args" | "env" | "cwd" | "user" | "security" | "removeMountStubs">;

/** A process in a container that is open. Fields mean what they mean in a step. */
export interface ContainerProcess
  extends Pick<Step, "args" | "env" | "cwd" | "user" | "security" | "removeMountStubs"> {
  /** Whether it has a standard input; else that is /dev/null. */
  readonly stdin: boolean;
  /** It gets a terminal of that size: then all its output comes on `stdout`. Zeroes: unknown. */
  readonly terminal?: TerminalSize;
}
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A process that was started. Streams have back pressure: who asks for them must read them, or the process waits. */
export interface RunningProcess {
  /** End it to close the process's standard input. Errors of a process that is gone are swallowed. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a terminal. */
  readonly stderr: Readable | undefined;
  /** `SIGINT`, `SIGKILL`, …, as soon as it has begun; nothing happens when it has ended. Throws `executor/bad-signal` for a name that nobody knows. */
  signal(name: string): void;
  /** Nothing happens without a terminal. */
  resize(size: TerminalSize): void;
  /** How it ended: 128+n for a signal. All output is in the streams by then. Rejects `executor/cancelled`, `executor/start-failed`, … */
  readonly exit: Promise<StepResult>;
}

/** A container that stays for several processes. Disposal ends them all and leaves nothing. */
export interface Container extends AsyncDisposable {
  /**
   * The first process is the container's own: when it ends, the others are killed. Resolves when that one has begun, for later ones at
   * once; when a process cannot begin, its `exit` says why. The end of `scope` kills this process.
   */
  start(process: ContainerProcess, scope: Scope): Promise<RunningProcess>;
  /** Where the source of a bind mount is while processes run, with a driver that moves it (`Executor.movesMounts`). Absent: where it was. */
  placeOf?(source: string): string;
}

/** Runs steps. One per process; made by `createExecutor`, which probes what works here. */
export interface Executor extends AsyncDisposable {
  /** What it found and chose, for the progress and for errors: e.g. "runc 1.1.5 (/usr/sbin/runc)". */
  readonly description: string;
  /** Why nothing can be run at all; then nothing needs to be prepared either. */
  readonly refusal?: Error;
  /**
   * True where nothing can be mounted: the sources of bind mounts, read-only ones too, are then moved into the step's tree while it runs, and
   * back afterwards. So each must be the step's own for that time, and on the file system of its root. Absent: false.
   */
  readonly movesMounts?: boolean;
  /** True where a step's `networkNamespace` is joined. Absent: false, and a step that needs that must not be run. */
  readonly joinsNetworks?: boolean;
  /**
   * Runs to the end and resolves with the exit code, whatever it is (128+n for a signal). Rejects `executor/cancelled` when the
   * scope ends (the whole container is gone by then), `executor/no-runtime`, `executor/no-permission`, `executor/start-failed`.
   */
  run(step: Step, output: StepOutput, scope: Scope): Promise<StepResult>;
  /**
   * Opens a container for processes that are talked to: interactive ones, and frontends on their standard input and output. Nothing
   * runs yet. The end of `scope` ends it, disposal must follow all the same.
   */
  open(container: ContainerSpec, scope: Scope): Promise<Container>;
}
