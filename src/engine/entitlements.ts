import { CooperError } from "../kit/index.ts";
import type { NetworkMode, ParsedDefinition, SecurityMode } from "../llb/index.ts";

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
  for (const { op } of definition.vertices) {
    if (op.body.kind !== "exec") continue;
    checkNetwork(op.body.network, granted);
    checkSecurity(op.body.security, granted);
  }
}

/** Throws `engine/entitlement`. */
export function checkNetwork(mode: NetworkMode, granted: readonly string[]): void {
  if (mode === "host") need("network.host", granted);
}

/** Throws `engine/entitlement`. */
export function checkSecurity(mode: SecurityMode, granted: readonly string[]): void {
  if (mode === "insecure") need("security.insecure", granted);
}

function need(name: string, granted: readonly string[]): void {
  if (!granted.includes(name)) throw refused(`${name} is not allowed`, `add --allow ${name}`);
}

function allowHint(name: string): string {
  return `start the builder with --allow-insecure-entitlement ${name}`;
}

function refused(sentence: string, hint?: string): CooperError {
  return new CooperError("engine/entitlement", sentence, { hint });
}
