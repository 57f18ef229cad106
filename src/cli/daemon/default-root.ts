import { join } from "node:path";
import { CooperError, writeHint } from "../../kit/index.ts";

/** Upstream's for a daemon that runs as root. */
const systemRoot = "/var/lib/buildkit";

/**
 * The storage root when nobody names one: upstream's, which for a user without rights on it is `buildkit` in the user's data folder
 * (XDG base directories), as upstream's rootless daemon has it. Throws `cli/no-root` when none of them can be written.
 */
export function defaultRoot(env: NodeJS.ProcessEnv, uid: number): string {
  const trouble = writeHint(systemRoot);
  if (uid === 0 || trouble === undefined) return systemRoot;
  const home = env.HOME === undefined || env.HOME === "" ? [] : [join(env.HOME, ".local/share/buildkit")];
  const data = env.XDG_DATA_HOME?.startsWith("/") ? [join(env.XDG_DATA_HOME, "buildkit")] : home;
  const [own] = data;
  const ownTrouble = own === undefined ? "HOME is not set" : writeHint(own);
  if (own !== undefined && ownTrouble === undefined) return own;
  const places = [systemRoot, ...data].map((path) => JSON.stringify(path)).join(" nor ");
  throw new CooperError("cli/no-root", `cannot choose a storage root: this process can write neither ${places}`, {
    hint: `name another folder with --root, or mount a volume at ${systemRoot}; ${ownTrouble}`,
  });
}
