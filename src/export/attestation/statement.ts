import { goJson, sortedMap } from "../../oci/index.ts";
import { indentJson } from "../json-text.ts";
import type { LoadedAttestation } from "./load.ts";

/** A subject as statements name it. */
export interface StatementSubject {
  readonly name: string;
  readonly digests: readonly string[];
}

/** What all statements are that Cooper writes (in-toto attestation framework, "Statement"). */
const statementType = "https://in-toto.io/Statement/v1";

/** A statement's JSON, compact. `self` are the names of the result itself. */
export function statementText(attestation: LoadedAttestation, self: readonly StatementSubject[]): string {
  const header = goJson({
    _type: statementType,
    predicateType: attestation.predicateType,
    subject: subjectsOf(attestation, self).map(({ name, digests }) => ({
      name,
      digest: sortedMap(Object.fromEntries(digests.map(splitDigest))) ?? {},
    })),
  });
  return `${header.slice(0, -1)},"predicate":${attestation.predicate}}`;
}

/** The same with two spaces of indent, as files of their own have it. */
export function indentedStatement(attestation: LoadedAttestation, self: readonly StatementSubject[]): string {
  return indentJson(statementText(attestation, self));
}

function subjectsOf({ subjects }: LoadedAttestation, self: readonly StatementSubject[]): StatementSubject[] {
  if (subjects.length === 0) return [...self];
  return subjects.flatMap(({ kind, name, digests }) => {
    if (kind === "raw") return [{ name: name || "_", digests }];
    const more = name === "" || name === "_" ? [] : [name];
    return self.flatMap((one) => [one, ...more.map((other) => ({ ...one, name: other }))]);
  });
}

function splitDigest(digest: string): [string, string] {
  const at = digest.indexOf(":");
  return at < 0 ? [digest, ""] : [digest.slice(0, at), digest.slice(at + 1)];
}
