import { CooperError } from "../kit/index.ts";
import type { Ref } from "./contract.ts";

/** What a failed op was given and what it left, by its own numbering of mounts, inputs or actions. Only when somebody may want to look. */
export interface FailedState {
  readonly inputs: readonly (Ref | undefined)[];
  readonly mounts: readonly (Ref | undefined)[];
}

/** `details` of the errors of ops, as far as they tell of a state. */
export type FailureDetails = (
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "file-action"; readonly index: number }
  | { readonly kind: "content-hash"; readonly index: number }
) & { readonly state?: FailedState };

/** The first that tells of an op's failure in the chain of the error's causes. */
export function failureOf(error: unknown): FailureDetails | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const details = one instanceof CooperError ? (one.details as { kind?: unknown } | undefined) : undefined;
    if (["exit", "file-action", "content-hash"].includes(String(details?.kind))) return details as FailureDetails;
  }
  return undefined;
}
