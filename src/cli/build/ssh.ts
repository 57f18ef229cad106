import type { SshSource } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { parseGoBool } from "../args/values.ts";

/** Reads `--ssh ID[=PATH[,PATH…][,raw=BOOL]]`. What the paths are is the session's to say. */
export function parseSsh(words: readonly string[]): SshSource[] {
  return words.map((word) => {
    const equals = word.indexOf("=");
    const id = equals < 0 ? word : word.slice(0, equals);
    const paths: string[] = [];
    let raw = false;
    for (const part of equals < 0 ? [] : word.slice(equals + 1).split(",")) {
      if (part.startsWith("raw=")) raw = parseRaw(part.slice("raw=".length));
      else paths.push(part);
    }
    if (raw && paths.length !== 1) {
      throw new CooperError("cli/bad-value", `raw mode must supply exactly one socket path for ${JSON.stringify(id)}`);
    }
    return { id, paths, raw };
  });
}

function parseRaw(value: string): boolean {
  const raw = parseGoBool(value);
  if (raw !== undefined) return raw;
  const reason = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  throw new CooperError("cli/bad-value", `invalid value for 'raw': ${value}: ${reason}`);
}
