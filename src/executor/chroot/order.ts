/** What the launcher is to become: written by the executor as JSON, read by `launch.ts`. */
export interface LaunchOrder {
  readonly root: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Resource number, soft, hard; the values as decimal text. */
  readonly limits: readonly (readonly [number, string, string])[];
  /** Numbers of the capabilities that the step may have, or undefined: all that there are. */
  readonly capabilities?: readonly number[];
  /** Numbers of processors. */
  readonly cpus?: readonly number[];
  /** Its standard input is a terminal, which it is to have as its own. */
  readonly terminal?: boolean;
  /** `leave`: for a new one with nothing but a loopback; `loopback`: it is in such a one already; `join`: the namespace of that file. */
  readonly network?:
    | { readonly kind: "leave" }
    | { readonly kind: "loopback" }
    | { readonly kind: "join"; readonly file: string }
    | undefined;
}

/** Written to descriptor 3 when only the step itself is still to be started. */
export const begun = "+";

/** What the launcher writes to descriptor 3, perhaps after `begun`, when there was nothing to become. */
export interface LaunchFailure {
  readonly message: string;
  /** The step's own mistake: a command that is not there. */
  readonly stepsFault: boolean;
}

/** Numbers of the resources, asm-generic/resource.h (x86, arm64, …), by the names that LLB and runtime specs use. */
export const resourceNumbers: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};
