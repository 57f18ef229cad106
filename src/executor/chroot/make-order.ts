import type { Step } from "../contract.ts";
import { cookieResource } from "../processes/cookie.ts";
import { passwdEntries, type StepUser } from "../rootfs/user.ts";
import { capabilityNumbers, defaultCapabilities } from "../spec/capabilities.ts";
import { type LaunchOrder, resourceNumbers } from "./order.ts";

/** What the launcher has to become for a step. A name of a limit that nobody knows is left out, as the frontend has checked them. */
export function launchOrder(
  step: Step,
  user: StepUser,
  cookie: string,
  cpus: readonly number[] | undefined,
  place: Pick<LaunchOrder, "network" | "terminal">,
): LaunchOrder {
  const limits = step.ulimits.flatMap(({ name, soft, hard }) => {
    const number = resourceNumbers[name.toLowerCase()];
    return number === undefined ? [] : [[number, limitText(soft), limitText(hard)] as const];
  });
  return {
    root: step.rootfs,
    cwd: step.cwd,
    args: step.args,
    env: withHome(step, user),
    uid: user.uid,
    gid: user.gid,
    groups: user.additionalGids,
    limits: [...limits, [cookieResource, cookie, cookie]],
    ...(step.security !== "insecure" && { capabilities: capabilityNumbers(defaultCapabilities) }),
    ...(cpus !== undefined && { cpus }),
    ...place,
  };
}

/** As runtimes do it: the user's folder by the tree's /etc/passwd, `/` for a user who is not in it. */
function withHome(step: Step, { uid }: StepUser): readonly string[] {
  if (step.env.some((entry) => entry.startsWith("HOME="))) return step.env;
  const home = passwdEntries(step.rootfs).find((entry) => entry.uid === uid)?.home;
  return [...step.env, `HOME=${home || "/"}`];
}

/** RLIM_INFINITY is -1 in LLB. */
function limitText(value: number): string {
  return value < 0 ? String(2n ** 64n - 1n) : String(value);
}
