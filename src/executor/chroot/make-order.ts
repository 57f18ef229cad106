import type { Step } from "../contract.ts";
import { cookieResource } from "../processes/cookie.ts";
import type { StepUser } from "../rootfs/user.ts";
import { capabilityNumbers, defaultCapabilities } from "../spec/capabilities.ts";
import { type LaunchOrder, resourceNumbers } from "./order.ts";

/** What the launcher has to become for a step. A name of a limit that nobody knows is left out, as the frontend has checked them. */
export function launchOrder(step: Step, user: StepUser, cookie: string, cpus?: readonly number[]): LaunchOrder {
  const limits = step.ulimits.flatMap(({ name, soft, hard }) => {
    const number = resourceNumbers[name.toLowerCase()];
    return number === undefined ? [] : [[number, limitText(soft), limitText(hard)] as const];
  });
  return {
    root: step.rootfs,
    cwd: step.cwd,
    args: step.args,
    env: step.env,
    uid: user.uid,
    gid: user.gid,
    groups: user.additionalGids,
    limits: [...limits, [cookieResource, cookie, cookie]],
    ...(step.security !== "insecure" && { capabilities: capabilityNumbers(defaultCapabilities) }),
    ...(cpus !== undefined && { cpus }),
  };
}

/** RLIM_INFINITY is -1 in LLB. */
function limitText(value: number): string {
  return value < 0 ? String(2n ** 64n - 1n) : String(value);
}
