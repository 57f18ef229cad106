import { CooperError, joinPath, messageOf, prefixed, type Scope } from "../../kit/index.ts";
import { type AttestationSubject, JsonObject, provenancePredicate } from "../../oci/index.ts";
import type { Attestation } from "../contract.ts";
import { compactJson, parseOrThrow, sortedJson } from "../json-text.ts";
import {
  type AttestationParts,
  badAttestation,
  listAttestationFiles,
  openFiles,
  readAttestationFile,
} from "./attestation-files.ts";

/** One statement's content: what a bundle had in a file, or a frontend or the builder gave alone. */
export interface LoadedAttestation {
  readonly path: string;
  readonly predicateType: string;
  readonly subjects: readonly AttestationSubject[];
  readonly sbomCore?: string;
  /** Compact JSON. */
  readonly predicate: string;
}

/** All statements of one platform are in memory at one time. */
const largestSum = 256 * 1024 * 1024;

/**
 * Reads attestations and unpacks bundles. A bill of materials of the result itself comes before all others. Throws
 * `export/bad-attestation`, in upstream's words.
 */
export async function loadAttestations(
  attestations: readonly Attestation[],
  parts: AttestationParts,
  scope: Scope,
): Promise<readonly LoadedAttestation[]> {
  for (const one of attestations) check(one);
  const all: LoadedAttestation[] = [];
  let size = 0;
  for (const one of attestations) {
    for await (const loaded of one.kind === "bundle" ? unbundle(one, parts, scope) : single(one, parts, scope)) {
      size += loaded.predicate.length;
      if (size > largestSum) throw bad(`attestations exceed ${largestSum} bytes`);
      all.push(loaded);
    }
  }
  const core = all.filter(isCore);
  return [...core, ...all.filter((one) => !core.includes(one))];
}

/** Whether it describes the result itself, not a stage or a context of it. */
export function isCore({ path, sbomCore }: Pick<LoadedAttestation, "path" | "sbomCore">): boolean {
  return sbomCore !== undefined && path.split(".", 1)[0] === sbomCore;
}

function check({ kind, path, body, predicateType }: Attestation): void {
  if (kind !== "bundle" && path === "") throw bad("attestation does not have set path");
  if (body === undefined) throw bad("attestation does not have available content");
  if (kind === "bundle" && body.kind !== "tree") throw bad("attestation bundle cannot have callback");
  if (kind === "in-toto" && body.kind === "tree" && predicateType.startsWith(provenancePredicate)) {
    throw bad("frontend may not set provenance attestations");
  }
}

async function* single(
  { path, predicateType, subjects, sbomCore, body }: Attestation,
  parts: AttestationParts,
  scope: Scope,
): AsyncGenerator<LoadedAttestation> {
  const bytes = await readBody(body, path, parts, scope);
  const predicate = compact(bytes);
  yield { path, predicateType, subjects, predicate, ...(sbomCore !== undefined && { sbomCore }) };
}

function compact(bytes: Uint8Array): string {
  try {
    return compactJson(Buffer.from(bytes).toString("utf8"), badAttestation);
  } catch (error) {
    throw prefixed("failed to marshal attestation", error, badAttestation);
  }
}

async function readBody(
  body: Attestation["body"],
  path: string,
  parts: AttestationParts,
  scope: Scope,
): Promise<Uint8Array> {
  switch (body?.kind) {
    case undefined:
      throw bad("no available content for attestation");
    case "bytes":
      return body.bytes;
    case "made":
      return await body.make(scope);
    case "tree":
      try {
        await using files = await openFiles(body.tree, parts, scope);
        return await readAttestationFile(files.root, path);
      } catch (error) {
        throw prefixed("cannot read in-toto attestation", error, badAttestation);
      }
  }
}

async function* unbundle(
  bundle: Attestation,
  parts: AttestationParts,
  scope: Scope,
): AsyncGenerator<LoadedAttestation> {
  const { body, path } = bundle;
  if (body?.kind !== "tree") throw bad("no ref provided for attestation bundle");
  await using files = await openFiles(body.tree, parts, scope);
  for (const name of await listAttestationFiles(files.root, path)) {
    scope.signal.throwIfAborted();
    const inside = joinPath(path, name);
    yield readStatement(bundle, inside, await readAttestationFile(files.root, inside));
  }
}

function readStatement({ predicateType, sbomCore }: Attestation, path: string, bytes: Buffer): LoadedAttestation {
  const json = decode(bytes.toString("utf8"));
  const found = json.string("predicateType") ?? "";
  if (predicateType !== "" && found !== predicateType) {
    throw bad(`bundle entry ${found} does not match required predicate type ${predicateType}`);
  }
  if (found.startsWith(provenancePredicate)) throw bad("frontend may not bundle provenance attestations");
  return {
    path,
    predicateType: found,
    subjects: (json.list("subject") ?? []).map(readSubject),
    predicate: sortedJson(json.get("predicate") ?? null),
    ...(sbomCore !== undefined && { sbomCore }),
  };
}

function decode(text: string): JsonObject {
  try {
    return new JsonObject(parseOrThrow(text, badAttestation), "statement", badAttestation);
  } catch (error) {
    if (/after JSON/.test(messageOf(error))) throw bad("in-toto statement is not a single JSON object");
    throw prefixed("cannot decode in-toto statement", error, badAttestation);
  }
}

function readSubject(value: unknown): AttestationSubject {
  const json = new JsonObject(value, "statement.subject", badAttestation);
  const digests = Object.entries(json.record("digest") ?? {}).map(([algorithm, hex]) => `${algorithm}:${hex}`);
  return { kind: "raw", name: json.string("name") ?? "", digests };
}

function bad(sentence: string): CooperError {
  return new CooperError(badAttestation, sentence);
}
