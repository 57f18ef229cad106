import { CooperError, suggest } from "../../kit/index.ts";

const known = ["security.insecure", "network.host", "device"];

/** Checks the `--allow` options: a name, or `device=NAME`. */
export function checkEntitlements(words: readonly string[]): readonly string[] {
  for (const word of words) {
    const name = word.startsWith("device=") ? "device" : word;
    if (known.includes(name)) continue;
    const near = suggest(name, known, 4);
    const hint = near === undefined ? `the entitlements are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new CooperError("cli/bad-value", `unknown entitlement ${word}`, { hint });
  }
  return words;
}
