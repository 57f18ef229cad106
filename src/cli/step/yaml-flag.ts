import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { CooperError, reasonOf } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** The YAML file that a flag names, parsed; undefined without the flag. Throws `cli/usage` for one that cannot be read. */
export async function yamlFlag(flag: string, values: FlagValues, io: Io) {
  const path = values.string(flag);
  if (path === "") return undefined;
  const { parsePlainYaml } = await import("../../pipeline/index.ts");
  try {
    return parsePlainYaml(await readFile(resolve(io.around.cwd, path), "utf8"), path);
  } catch (error) {
    if (error instanceof CooperError) throw error;
    throw new CooperError("cli/usage", `cannot read --${flag} ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
