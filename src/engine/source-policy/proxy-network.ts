import { CooperError } from "../../kit/index.ts";
import type { OpScope } from "../../ops/index.ts";
import { pb } from "../../wire/index.ts";
import { rewriteDefinition } from "./rewrite-definition.ts";
import type { SourceCheck } from "./source-check.ts";

/** The definition with every step that has a network behind the builder's proxy. That makes it another step, with other results. */
export function withProxyNetwork(definition: Uint8Array): Uint8Array {
  return rewriteDefinition(definition, (op) => {
    if (op.op?.case !== "exec" || op.op.value.network === pb.NetMode.NONE) return undefined;
    return { ...op, op: { case: "exec", value: { ...op.op.value, proxyNetwork: true } } };
  });
}

/**
 * What a step asks for is a source of the build's as any other, so the same policies decide. They may replace the address of a GET, and nothing
 * else. Undefined check: everything may be asked for. Throws `engine/source-denied`, `engine/bad-policy`.
 */
export function requestCheck(checkOf: () => SourceCheck | undefined): NonNullable<OpScope["allowRequest"]> {
  return async (url, method) => {
    const check = checkOf();
    if (check === undefined) return url;
    const { identifier, attrs } = await check({ identifier: url, attrs: new Map() }, undefined);
    if (identifier === url && attrs.size === 0) return url;
    const what = `source policy converted proxy request ${JSON.stringify(url)}`;
    if (method !== "GET") throw bad(`${what}, but conversion is only supported for GET`);
    if (attrs.size > 0) throw bad(`${what} with attrs, but proxy conversion only supports URL updates`);
    if (/^https?:\/\//.test(identifier) && URL.canParse(identifier)) return identifier;
    throw bad(`source policy converted proxy request to unsupported URL ${JSON.stringify(identifier)}`);
  };
}

function bad(sentence: string): CooperError {
  return new CooperError("engine/bad-policy", sentence);
}
