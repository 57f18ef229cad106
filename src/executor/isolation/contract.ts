import type { RungName } from "../probe/rungs.ts";

/** The rung that was taken, and for each stronger one why it was not. */
export interface Isolation {
  readonly rung: RungName;
  readonly why: readonly string[];
}

/** What a rung needs, tried for real. Each gives the reason why it cannot be, or undefined. */
export interface Trials {
  /** Namespaces and mounts as this process is. */
  oci(): Promise<string | undefined>;
  /** The same in a user namespace, to be entered. */
  rootless(): Promise<string | undefined>;
  chroot(): Promise<string | undefined>;
}
