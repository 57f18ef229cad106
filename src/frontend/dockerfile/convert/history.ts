import { type Conversion, createdAt } from "./context.ts";
import type { StageState } from "./stage.ts";

/**
 * Adds a history record. `layer` when the instruction made one; RUN, COPY and ADD add `# buildkit` to tell that
 * their text is not what a classic builder would write.
 */
export function commit(
  stage: StageState,
  conversion: Pick<Conversion, "epoch">,
  text: string,
  made: { readonly layer?: boolean; readonly marked?: boolean } = {},
): void {
  stage.added.history.push({
    ...createdAt(conversion.epoch),
    createdBy: made.marked ? `${text} # buildkit` : text,
    comment: "buildkit.dockerfile.v0",
    emptyLayer: made.layer !== true,
  });
}
