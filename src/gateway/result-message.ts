import type { FrontendRef, FrontendResult } from "../frontend/index.ts";
import type { gateway } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import { attestationsMessage, attestationsOf } from "./attestation-message.ts";

/** A frontend's result as the gateway tells it. A single one has the key "". */
export function resultMessage(
  { refs, metadata, attestations }: FrontendResult,
  definitionOf: (ref: FrontendRef) => Uint8Array | undefined,
): Init<gateway.Result> {
  const message = (ref: FrontendRef | undefined) => {
    if (ref === undefined) return { id: "" };
    const def = definitionOf(ref);
    return { id: ref.id, ...(def !== undefined && { def }) };
  };
  const common = { metadata, ...(attestations && { attestations: attestationsMessage(attestations, message) }) };
  if (refs.size === 1 && refs.has("")) {
    const only = refs.get("");
    return { ...common, result: { case: "ref", value: message(only) } };
  }
  const all = new Map([...refs].map(([platform, ref]) => [platform, message(ref)] as const));
  return { ...common, result: { case: "refs", value: { refs: all } } };
}

/** What a client returns, in all forms that clients ever used. Throws INVALID_ARGUMENT for an attestation of no known kind. */
export function resultOf(message: gateway.Result | undefined): FrontendResult {
  const metadata = message?.metadata ?? new Map<string, Uint8Array>();
  const attestations = attestationsOf(message?.attestations);
  return { metadata, refs: refsOf(message?.result), ...(attestations && { attestations }) };
}

function refsOf(result: gateway.Result["result"]): FrontendResult["refs"] {
  const refOf = (id: string | undefined) => (id === undefined || id === "" ? undefined : { id });
  switch (result?.case) {
    case "ref":
      return new Map([["", refOf(result.value.id)]]);
    case "refDeprecated":
      return new Map([["", refOf(result.value)]]);
    case "refs":
      return new Map([...result.value.refs].map(([platform, ref]) => [platform, refOf(ref.id)]));
    case "refsDeprecated":
      return new Map([...result.value.refs].map(([platform, id]) => [platform, refOf(id)]));
    case undefined:
      return new Map([["", undefined]]);
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
