import type { Rung } from "../executor/index.ts";

/** How a check came out: `problem` stops builds, `warning` makes them worse or may stop some. */
export type Verdict = "ok" | "note" | "warning" | "problem";

/** One thing that was looked at. `id` is stable: programs go by it. */
export interface Check {
  readonly id: string;
  readonly verdict: Verdict;
  /** What was found, in one line. */
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** What `cooper doctor --json` prints (docs/doctor.md). Fields are added to a schema, and never change their meaning. */
export interface Report {
  readonly schema: 1;
  /** A build with at least one of the rungs would work. */
  readonly canBuild: boolean;
  /** The isolation that a build would choose by itself. */
  readonly isolation: Rung["name"];
  /** From the strongest to the weakest. */
  readonly rungs: readonly Rung[];
  /** The rung above the chosen one; absent when that is the strongest. */
  readonly next?: Rung;
  readonly checks: readonly Check[];
}

export interface DoctorOptions {
  /** The storage root that a build would use; why there is none. */
  readonly root: string | { readonly missing: string; readonly hint?: string };
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** A registry, or a repository in one, to be asked with the credentials that a build would send. */
  readonly registry?: string;
  /** That registry speaks plain HTTP or has a certificate that nobody vouches for. */
  readonly insecure?: boolean;
}
