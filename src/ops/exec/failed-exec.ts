import { CooperError } from "../../kit/index.ts";
import type { Ref } from "../contract.ts";

/** `details` of `ops/exec-failed`. */
export interface FailedExec {
  readonly kind: "exit";
  readonly code: number;
  /** By mount: what the step was given, and what it left. Only when somebody may want to look. */
  readonly state?: {
    readonly inputs: readonly (Ref | undefined)[];
    readonly mounts: readonly (Ref | undefined)[];
  };
}

/** What a failed step left, when it is the reason of the error. */
export function failedExecOf(error: unknown): FailedExec | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const details = one instanceof CooperError ? (one.details as { kind?: unknown } | undefined) : undefined;
    if (details?.kind === "exit") return details as FailedExec;
  }
  return undefined;
}
