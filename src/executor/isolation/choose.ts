import { CooperError } from "../../kit/index.ts";
import { type RungName, rungNames } from "../probe/rungs.ts";
import type { Isolation, Trials } from "./contract.ts";
import { podSettings } from "./pod-settings.ts";

/**
 * The strongest rung that works, or the one that was asked for. Nothing weaker is tried than what is taken. Throws `executor/bad-isolation` for
 * a name that is none, `executor/no-isolation` when what was asked for cannot work.
 */
export async function chooseIsolation(asked: string, trials: Trials): Promise<Isolation> {
  const tried: Readonly<Record<RungName, () => Promise<string | undefined>>> = {
    oci: () => trials.oci(),
    rootless: () => trials.rootless(),
    chroot: () => trials.chroot(),
    "no-exec": async () => undefined,
  };
  if (asked !== "auto") {
    const rung = rungNamed(asked);
    const trouble = await tried[rung]();
    if (trouble !== undefined) throw cannotUse(rung, trouble);
    return { rung, why: ["asked for"] };
  }
  const why: string[] = [];
  for (const rung of rungNames) {
    const trouble = await tried[rung]();
    if (trouble === undefined) return { rung, why };
    why.push(`not ${rung}: ${trouble}`);
  }
  return { rung: "no-exec", why };
}

function rungNamed(name: string): RungName {
  const rung = rungNames.find((one) => one === name);
  if (rung !== undefined) return rung;
  throw new CooperError("executor/bad-isolation", `unknown isolation ${JSON.stringify(name)}`, {
    hint: "wanted auto, oci, rootless, chroot or no-exec",
  });
}

function cannotUse(rung: RungName, trouble: string): CooperError {
  const settings = rung === "no-exec" ? "" : `in a pod: ${podSettings[rung]}; `;
  return new CooperError("executor/no-isolation", `cannot use isolation ${JSON.stringify(rung)}: ${trouble}`, {
    hint: `${settings}or let --isolation=auto take the strongest that works (docs/isolation.md)`,
  });
}
