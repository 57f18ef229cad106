import type { Scope } from "../../kit/index.ts";
import type { PodContainer } from "../contract.ts";
import { watchHealth } from "./probe.ts";
import type { LiveContainer, PodHome } from "./run-container.ts";

/** Tells what was wrong, once something was. */
export interface Sickness {
  readonly why: string | undefined;
}

/** Stops a container whose `postStart` fails, or whose probes do, with the pod's grace period. `up`: its startup probe has succeeded. */
export function stopWhenSick(
  container: PodContainer,
  live: LiveContainer,
  { around, graceSeconds }: PodHome,
  scope: Scope,
  up: boolean,
): Sickness {
  let why: string | undefined;
  const onSick = (trouble: string) => {
    why ??= trouble;
    around.event({ kind: "warning", text: `container ${container.name} is stopped: ${trouble}` });
    void live.stop(graceSeconds);
  };
  watchHealth(container, live, scope, up, onSick);
  live.hooked.then((trouble) => trouble !== undefined && onSick(trouble)).catch(() => {});
  return {
    get why() {
      return why;
    },
  };
}
