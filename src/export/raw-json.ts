import { CooperError } from "../kit/index.ts";
import { escapeToken, jsonTokens } from "./json-text.ts";

/**
 * The fields of a JSON object with their values as text, compact and escaped as Go's encoder writes a raw message, their
 * key order, digits and duplicate keys untouched. JavaScript's own parser would reorder keys such as "1" and round numbers.
 * A field that comes twice counts with its last value. Throws `code` for what is no JSON object.
 */
export function rawFields(json: string, what: string, code: string): Map<string, string> {
  const refused = (cause?: unknown) => new CooperError(code, `${what}: not a JSON object`, { cause });
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw refused(cause);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw refused();
  // From here on the text is known to be valid, so a token-wise walk cannot go astray.
  const fields = new Map<string, string>();
  const state = { depth: 0, key: undefined as string | undefined, value: "" };
  const finish = () => {
    if (state.key !== undefined) fields.set(state.key, state.value);
    state.key = undefined;
    state.value = "";
  };
  for (const token of jsonTokens(json)) {
    if (state.depth === 1 && (token === "," || token === "}")) finish();
    if (state.depth === 1 && state.key === undefined && token.startsWith('"')) {
      state.key = JSON.parse(token) as string;
      continue;
    }
    if (token === "}" || token === "]") state.depth--;
    const separator = state.depth === 1 && (token === ":" || token === ",") && state.value === "";
    if (state.depth >= 1 && !separator) state.value += escapeToken(token);
    if (token === "{" || token === "[") state.depth++;
  }
  return fields;
}
