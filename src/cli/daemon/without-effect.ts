import { CooperError } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { type Config, read } from "./toml.ts";

/** Settings of upstream's that nothing here heeds: by flag, by the place in the file, and what is so instead. */
const settings: readonly (readonly [flag: string, key: string, instead: string])[] = [
  ["oci-worker-apparmor-profile", "worker.oci.apparmor-profile", "steps have the profile of the builder"],
  ["oci-worker-selinux", "worker.oci.selinux", "steps have no labels of their own"],
  ["oci-worker-proxy-snapshotter-path", "worker.oci.proxySnapshotterPath", "trees are in the root"],
  ["", "cache.gha.sign", "caches of GitHub Actions are written without signatures"],
  ["", "ghacache.sign", "caches of GitHub Actions are written without signatures"],
];

/** Tells of what somebody has set and will miss. */
export function warnOfNoEffect(flags: FlagValues, config: Config, warn: (sentence: string) => void): void {
  for (const [flag, key, instead] of settings) {
    if (flag !== "" && flags.isSet(flag)) warn(`--${flag} has no effect: ${instead}`);
    const names = key.split(".");
    const value = read.table(config, ...names.slice(0, -1))[names.at(-1) ?? ""];
    if (value !== undefined && value !== false && value !== "" && value !== 0) warn(`${key} has no effect: ${instead}`);
  }
}

/** What must not be passed over in silence: somebody relies on it. Throws `cli/bad-config`. */
export function refuseUnheeded(config: Config): void {
  for (const place of [["cache", "gha"], ["ghacache"]]) {
    if (read.boolean(read.table(config, ...place, "verify"), "required") !== true) continue;
    const key = `${place.join(".")}.verify.required`;
    throw new CooperError("cli/bad-config", `${key} is not supported: signatures of caches cannot be verified here`, {
      hint: "Without it, caches of GitHub Actions are imported as they are.",
    });
  }
}
