import type { FrontendAttestation, FrontendRef, FrontendResult } from "../frontend/index.ts";
import { Code, gateway, rpcError } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";

type Attestations = NonNullable<FrontendResult["attestations"]>;

const { AttestationKind: kinds, InTotoSubjectKind: subjectKinds } = gateway;

/** What is attested of a result, as the gateway tells it. */
export function attestationsMessage(
  attestations: Attestations,
  refMessage: (ref: FrontendRef) => Init<gateway.Ref>,
): Map<string, Init<gateway.Attestations>> {
  const one = (given: FrontendAttestation): Init<gateway.Attestation> => ({
    kind: given.kind === "bundle" ? kinds.Bundle : kinds.InToto,
    metadata: given.metadata,
    ...(given.ref && { ref: refMessage(given.ref) }),
    path: given.path,
    inTotoPredicateType: given.predicateType,
    inTotoSubjects: given.subjects.map(({ kind, name, digests }) => ({
      kind: kind === "raw" ? subjectKinds.Raw : subjectKinds.Self,
      name,
      digest: digests,
    })),
  });
  return new Map([...attestations].map(([platform, list]) => [platform, { attestation: list.map(one) }] as const));
}

/** The same from a client; undefined when it attests nothing. Throws INVALID_ARGUMENT for kinds that nobody knows. */
export function attestationsOf(message: gateway.Result["attestations"] | undefined): Attestations | undefined {
  if (message === undefined || message.size === 0) return undefined;
  return new Map(
    [...message].map(([platform, { attestation }]) => [platform, attestation.map(attestationOf)] as const),
  );
}

function attestationOf(message: gateway.Attestation): FrontendAttestation {
  const { ref, metadata, path, inTotoPredicateType: predicateType } = message;
  return {
    kind: message.kind === kinds.Bundle ? "bundle" : known(message.kind, kinds.InToto, "in-toto", "attestation"),
    metadata,
    ...(ref !== undefined && ref.id !== "" && { ref: { id: ref.id } }),
    path,
    predicateType,
    subjects: message.inTotoSubjects.map(({ kind, name, digest }) => ({
      kind: kind === subjectKinds.Raw ? "raw" : known(kind, subjectKinds.Self, "self", "attestation subject"),
      name,
      digests: digest,
    })),
  };
}

function known<T>(found: number, wanted: number, value: T, what: string): T {
  if (found === wanted) return value;
  throw rpcError(Code.INVALID_ARGUMENT, `unknown ${what} kind ${found}`);
}
