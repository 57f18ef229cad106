import { CooperError } from "../kit/index.ts";
import type { ParsedDefinition } from "../llb/index.ts";

const known = ["network.host", "security.insecure", "device"];

/** Checks what a request asks for against what the engine's options allow. Upstream's sentences. Throws `engine/entitlement`. */
export function checkEntitlements(asked: readonly string[], allowed: readonly string[]): void {
  for (const entitlement of asked) {
    const [name = ""] = entitlement.split("=");
    if (!known.includes(name)) throw refused(`unknown entitlement ${entitlement}`);
    if (!allowed.includes(name)) {
      throw refused(
        `granting entitlement ${entitlement} is not allowed by build daemon configuration`,
        allowHint(name),
      );
    }
  }
}

/** Checks what the steps of a definition need against what the request was given. Throws `engine/entitlement`. */
export function checkNeeds(definition: ParsedDefinition, granted: readonly string[]): void {
  const need = (name: string) => {
    if (!granted.includes(name)) throw refused(`${name} is not allowed`, `add --allow ${name}`);
  };
  for (const { op } of definition.vertices) {
    if (op.body.kind !== "exec") continue;
    if (op.body.network === "host") need("network.host");
    if (op.body.security === "insecure") need("security.insecure");
  }
}

function allowHint(name: string): string {
  return `start the builder with --allow-insecure-entitlement ${name}`;
}

function refused(sentence: string, hint?: string): CooperError {
  return new CooperError("engine/entitlement", sentence, { hint });
}
