import type { EngineOptions } from "../../client/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { type Config, read } from "./toml.ts";

/** Upstream's. */
const usualFolders = ["/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"];

/** Where the Container Device Interface has its files (`[cdi]`, `--cdi-…`); nothing when it is switched off. Throws `cli/bad-config`. */
export function deviceOptions(flags: FlagValues, config: Config): Pick<EngineOptions, "devices"> {
  const cdi = read.table(config, "cdi");
  const off = flags.isSet("cdi-disabled") ? flags.bool("cdi-disabled") : (read.boolean(cdi, "disabled") ?? false);
  if (off) return {};
  const told = flags.isSet("cdi-spec-dir") ? flags.strings("cdi-spec-dir") : (read.strings(cdi, "specDirs") ?? []);
  const folders = told.length > 0 ? told : usualFolders;
  return { devices: { folders, autoAllowed: read.strings(cdi, "autoAllowed") ?? [] } };
}
