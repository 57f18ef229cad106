import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { definitionDot, definitionJson } from "../../client/index.ts";
import { CooperError, reasonOf } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** `debug dump-llb [FILE]`: a definition, of standard input without a file, as JSON or, with `--dot`, as a graph. */
export async function dumpLlb(values: FlagValues, args: readonly string[], io: Io): Promise<number> {
  const [path = "-"] = args;
  const bytes = path === "-" || path === "" ? await io.readStdin() : await readNamed(path, io.around.cwd);
  const dump = values.bool("dot") ? definitionDot : definitionJson;
  io.stdout(dump(bytes ?? new Uint8Array()));
  return 0;
}

async function readNamed(path: string, cwd: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(cwd, path));
  } catch (cause) {
    throw new CooperError("cli/bad-value", `open ${path}: ${reasonOf(cause)}`, { cause });
  }
}
