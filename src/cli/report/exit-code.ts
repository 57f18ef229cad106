import { messageOf } from "../../kit/index.ts";

/** The command's exit code for an error: 137 when a step was killed for want of memory, as of the step itself; 1 for all else. */
export function exitCodeOf(error: unknown): number {
  // Read from the sentence: a daemon sends nothing more.
  return /did not complete successfully: exit code: \d+: OOM-killed at /.test(messageOf(error)) ? 137 : 1;
}
