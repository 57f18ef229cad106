import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";
import { nameValues } from "./attributes.ts";

/** Reads `--local NAME=DIRECTORY`; the directories must exist. Real, absolute paths by name. */
export function parseLocals(words: readonly string[], cwd: string): Record<string, string> {
  try {
    const entries = Object.entries(nameValues(words));
    return Object.fromEntries(entries.map(([name, path]) => [name, directoryAt(path, cwd)]));
  } catch (cause) {
    throw new CooperError("cli/bad-value", `invalid local: ${messageOf(cause)}`, { cause });
  }
}

function directoryAt(path: string, cwd: string): string {
  let real: string;
  try {
    real = realpathSync(resolve(cwd, path));
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "no such file or directory" : messageOf(cause);
    throw new CooperError("cli/bad-value", `resolve : lstat ${path}: ${reason}`, { cause });
  }
  if (!statSync(real).isDirectory()) throw new CooperError("cli/bad-value", `stat ${path}: not a directory`);
  return real;
}

/** Reads `--oci-layout ID=DIRECTORY`. Absolute paths by id; a missing layout is told when the build asks for it. */
export function parseOciLayouts(words: readonly string[], cwd: string): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf("=");
      if (equals < 0) {
        const reason = `oci-layout option must be 'id=path/to/layout', instead had invalid ${word}`;
        throw new CooperError("cli/bad-value", `invalid oci-layout: ${reason}`);
      }
      return [word.slice(0, equals), resolve(cwd, word.slice(equals + 1))];
    }),
  );
}
