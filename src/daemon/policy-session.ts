import type { SourceSpec, VerifySource } from "../engine/index.ts";
import { resolveSourceMeta } from "../gateway/index.ts";
import { Code, type gateway, policysession, rpcError } from "../grpc/index.ts";
import { CooperError, prefixed } from "../kit/index.ts";
import { platformToWire } from "../llb/index.ts";
import type { RemoteCaller } from "../tunnel/index.ts";
import { type Init, sourcepolicy } from "../wire/index.ts";

type Around = Parameters<VerifySource>[2];
const { CheckPolicy } = policysession.PolicyVerifierService;
const { ALLOW, CONVERT } = sourcepolicy.PolicyAction;

/** A client that decides source by source (`SourcePolicySession`): it may ask what a source is before it answers. */
export function policySession(caller: () => Promise<RemoteCaller>): VerifySource {
  return async (source, platform, around) => {
    const { client } = await caller();
    let known: Init<gateway.ResolveSourceMetaResponse> = { source };
    for (;;) {
      around.spend();
      const question = { ...(platform && { platform: platformToWire(platform) }), source: known };
      const { result } = await client.unary(CheckPolicy, question, { signal: around.scope.signal });
      if (result?.case !== "request") return decided(source, result?.value);
      known = { ...(await metadataOf(source, result.value, around)), source };
    }
  };
}

function decided(source: SourceSpec, decision: policysession.DecisionResponse | undefined): SourceSpec | undefined {
  if (decision === undefined) throw rpcError(Code.UNKNOWN, "no decision in policy response");
  const { action, update, denyMessages } = decision;
  if (action === ALLOW) return undefined;
  if (action === CONVERT) {
    if (update === undefined) throw rpcError(Code.UNKNOWN, "convert action requires updated source");
    return { identifier: update.identifier, attrs: update.attrs };
  }
  const name = Object.entries(sourcepolicy.PolicyAction).find(([, value]) => value === action)?.[0] ?? String(action);
  const sentence = `source ${JSON.stringify(source.identifier)} not allowed by policy: action ${name}`;
  const messages = denyMessages.map(({ message }) => message);
  throw new CooperError("engine/source-denied", sentence, {
    ...(messages.length > 0 && { details: { kind: "denied", messages } }),
  });
}

/** It may ask about the very source that is in question, and about nothing else. */
async function metadataOf(source: SourceSpec, request: gateway.ResolveSourceMetaRequest, { bridge, scope }: Around) {
  const asked = request.source;
  if (asked?.identifier !== source.identifier) {
    const names = [asked?.identifier ?? "", source.identifier].map((name) => JSON.stringify(name));
    throw rpcError(Code.UNKNOWN, `policy requested different source identifier: ${names.join(" != ")}`);
  }
  const same = asked.attrs.size === source.attrs.size && [...asked.attrs].every(([k, v]) => source.attrs.get(k) === v);
  if (!same) throw rpcError(Code.UNKNOWN, "policy requested different source attrs");
  try {
    return await resolveSourceMeta(bridge, request, scope);
  } catch (error) {
    throw prefixed("error resolving source metadata from policy request", error, "engine/failed");
  }
}
