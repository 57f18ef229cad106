import { CooperError, messageOf } from "../../../kit/index.ts";
import { resolveBase } from "./base-image.ts";
import type { Conversion } from "./context.ts";
import type { StageState } from "./stage.ts";
import { reachableFrom } from "./stages.ts";
import { fireTriggers } from "./triggers.ts";

/** Resolves what the stages build on, all at once; again when triggers of a base image want more. Gives the stages that matter. */
export async function resolveStages(target: StageState, conversion: Conversion): Promise<Set<StageState>> {
  for (;;) {
    const reachable = reachableFrom(target);
    await resolveBases(reachable, conversion);
    let more = false;
    for (const stage of conversion.stages.all.filter((candidate) => reachable.has(candidate))) {
      stage.inherit();
      more = fireTriggers(stage, conversion) || more;
    }
    if (!more) return reachable;
  }
}

/** Every failure is waited for; the first in the order of the file is told, with a hint at the others. */
async function resolveBases(reachable: ReadonlySet<StageState>, conversion: Conversion): Promise<void> {
  const open = conversion.stages.all.filter(
    (stage) => stage.base === undefined && !stage.dispatched && !stage.resolved,
  );
  const settled = await Promise.allSettled(
    open.map((stage) => resolveBase(stage, conversion.allStages || reachable.has(stage), conversion)),
  );
  const [first, ...others] = settled.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (first !== undefined) throw withOthers(first, others);
}

function withOthers(first: unknown, others: readonly unknown[]): unknown {
  const more = [...new Set(others.map(messageOf))].filter((message) => message !== messageOf(first)).slice(0, 10);
  if (!(first instanceof CooperError) || more.length === 0) return first;
  const hint = [...(first.hint === undefined ? [] : [first.hint]), `there is more to correct: ${more.join("; ")}`];
  const { cause, details } = first;
  return new CooperError(first.code, first.message, { hint: hint.join("; "), cause, details });
}
