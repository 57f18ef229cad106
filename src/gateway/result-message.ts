import type { FrontendRef, FrontendResult } from "../frontend/index.ts";
import type { gateway } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";

/** A frontend's result as the gateway tells it. A single one has the key "". */
export function resultMessage(
  { refs, metadata }: FrontendResult,
  definitionOf: (ref: FrontendRef) => Uint8Array | undefined,
): Init<gateway.Result> {
  const message = (ref: FrontendRef | undefined) => {
    if (ref === undefined) return { id: "" };
    const def = definitionOf(ref);
    return { id: ref.id, ...(def !== undefined && { def }) };
  };
  if (refs.size === 1 && refs.has("")) {
    const only = refs.get("");
    return { metadata, result: { case: "ref", value: message(only) } };
  }
  const all = new Map([...refs].map(([platform, ref]) => [platform, message(ref)] as const));
  return { metadata, result: { case: "refs", value: { refs: all } } };
}

/** What a client returns, in all forms that clients ever used. */
export function resultOf(message: gateway.Result | undefined): FrontendResult {
  const metadata = message?.metadata ?? new Map<string, Uint8Array>();
  const refOf = (id: string | undefined) => (id === undefined || id === "" ? undefined : { id });
  const result = message?.result;
  switch (result?.case) {
    case "ref":
      return { metadata, refs: new Map([["", refOf(result.value.id)]]) };
    case "refDeprecated":
      return { metadata, refs: new Map([["", refOf(result.value)]]) };
    case "refs":
      return { metadata, refs: new Map([...result.value.refs].map(([platform, ref]) => [platform, refOf(ref.id)])) };
    case "refsDeprecated":
      return { metadata, refs: new Map([...result.value.refs].map(([platform, id]) => [platform, refOf(id)])) };
    case undefined:
      return { metadata, refs: new Map([["", undefined]]) };
  }
}

/** The same for clients that know ids only. */
export function deprecated(message: Init<gateway.Result>): Init<gateway.Result> {
  const { result } = message;
  if (result?.case === "ref") {
    return { ...message, result: { case: "refDeprecated", value: result.value.id ?? "" } };
  }
  if (result?.case === "refs") {
    const refs = new Map([...(result.value.refs ?? [])].map(([platform, { id }]) => [platform, id ?? ""] as const));
    return { ...message, result: { case: "refsDeprecated", value: { refs } } };
  }
  return message;
}
