import {
  Capability,
  cgroupsMissing,
  cgroupTrouble,
  hasAllRights,
  hasCapability,
  type ProcessRights,
  processRights,
} from "../../sys/index.ts";
import { findProgram } from "../runtime/find.ts";
import type { Trials } from "./contract.ts";
import { mountTrouble, troubleOf } from "./mount-trial.ts";
import type { UserNamespace } from "./user-namespace.ts";

/** Tries on this process. `userNamespace` opens one; the trial of `rootless` leaves it open for whoever enters it. */
export function trialsHere(
  openUserNamespace: () => Promise<UserNamespace | string>,
  runtimeTrouble?: string,
): Trials & {
  opened(): UserNamespace | undefined;
} {
  const rights = processRights();
  let opened: UserNamespace | undefined;
  return {
    oci: async () => {
      if (!hasCapability(rights, Capability.sysAdmin)) return "this process has no CAP_SYS_ADMIN";
      if (runtimeTrouble !== undefined) return runtimeTrouble;
      // Nothing that could stand in the way: then it is not worth five milliseconds to try.
      return hasAllRights() ? undefined : (cgroupTrouble() ?? mountTrouble());
    },
    rootless: async () => {
      if (runtimeTrouble !== undefined) return runtimeTrouble;
      // Runtimes look at them even where they may make none.
      const trouble = cgroupsMissing();
      if (trouble !== undefined) return trouble;
      const made = await openUserNamespace();
      if (typeof made === "string") return made;
      opened = made;
      return undefined;
    },
    chroot: async () => missingForChroot(rights) ?? (rights.filtered ? chrootTrouble() : undefined),
    opened: () => opened,
  };
}

/** Undefined, too, where there is no program to try it with. */
async function chrootTrouble(): Promise<string | undefined> {
  const [program, nothing] = [findProgram("chroot"), findProgram("true")];
  return program === undefined || nothing === undefined ? undefined : await troubleOf("chroot", ["/", nothing]);
}

export const neededForChroot = [
  ["CAP_SYS_CHROOT", Capability.sysChroot],
  ["CAP_CHOWN", Capability.chown],
  ["CAP_DAC_OVERRIDE", Capability.dacOverride],
  ["CAP_FOWNER", Capability.fowner],
  ["CAP_SETUID", Capability.setuid],
  ["CAP_SETGID", Capability.setgid],
] as const;

function missingForChroot(rights: ProcessRights): string | undefined {
  const missing = missingCapabilities(rights);
  return missing.length === 0 ? undefined : `this process has no ${missing.join(", ")}`;
}

/** Capabilities that steps by chroot need and this process does not have: `CAP_SETUID`, … */
export function missingCapabilities(rights: ProcessRights): readonly string[] {
  return neededForChroot.filter(([, number]) => !hasCapability(rights, number)).map(([name]) => name);
}
