import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CooperError, errnoOf } from "../../kit/index.ts";

const limit = 1 << 20;

/**
 * What the operator adds to all provenance: the objects of the `.json` files of a folder, later files win. A folder that does not exist
 * adds nothing. Throws `engine/bad-environment`.
 */
export async function provenanceEnvironment(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const all: Record<string, unknown> = {};
  for (const name of await jsonFiles(folder)) {
    const bytes = await readFile(join(folder, name));
    Object.assign(all, objectOf(bytes, name));
  }
  return all;
}

async function jsonFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .flatMap((entry) => (entry.isDirectory() || !entry.name.endsWith(".json") ? [] : [entry.name]))
      .sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

function objectOf(bytes: Uint8Array, name: string): object {
  const text = Buffer.from(bytes).toString();
  let value: unknown;
  try {
    value = bytes.byteLength > limit ? undefined : JSON.parse(text);
  } catch {}
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new CooperError("engine/bad-environment", `failed to parse ${name}: it holds no JSON object`);
}
