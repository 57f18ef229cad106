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

/** Every failure is waited for; the first in the order of the file is told. */
async function resolveBases(reachable: ReadonlySet<StageState>, conversion: Conversion): Promise<void> {
  const open = conversion.stages.all.filter(
    (stage) => stage.base === undefined && !stage.dispatched && !stage.resolved,
  );
  const settled = await Promise.allSettled(
    open.map((stage) => resolveBase(stage, conversion.allStages || reachable.has(stage), conversion)),
  );
  for (const result of settled) if (result.status === "rejected") throw result.reason;
}
