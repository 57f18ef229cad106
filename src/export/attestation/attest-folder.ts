import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { TreeFiles } from "../../archive/index.ts";
import { basePath, CooperError, mapLimit, rawBytes, type Scope } from "../../kit/index.ts";
import type { Attestation } from "../contract.ts";
import { type AttestationParts, badAttestation } from "./attestation-files.ts";
import { loadAttestations } from "./load.ts";
import { indentedStatement, type StatementSubject } from "./statement.ts";

/** A statement that stands beside the files that it is about. */
export interface AttestationFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A tree whose files are the subjects; undefined path: no files at all. */
export interface AttestedTree {
  readonly path: string | undefined;
  readonly files: TreeFiles | undefined;
}

const filesAtOnce = 4;

/** Makes the statements about a tree's files. Throws `export/bad-attestation`. `nameOf` is given the last part of an attestation's path. */
export async function attestFolder(
  attestations: readonly Attestation[],
  tree: AttestedTree,
  nameOf: (base: string) => string,
  parts: AttestationParts,
  scope: Scope,
): Promise<readonly AttestationFile[]> {
  const wanted = attestations.filter(({ inlineOnly }) => inlineOnly !== true);
  const loaded = await loadAttestations(wanted, parts, scope);
  if (loaded.length === 0) return [];
  const self = await subjectsOf(tree, scope);
  const names = new Set<string>();
  return loaded.map((one) => {
    const name = nameOf(basePath(one.path));
    // A name with a folder in it could lead out of the output.
    if (name.includes("/") || [".", "..", ""].includes(name)) {
      throw new CooperError(badAttestation, `invalid attestation path name ${name}`);
    }
    if (names.has(name)) throw new CooperError(badAttestation, `duplicate attestation path name ${name}`);
    names.add(name);
    return { name, bytes: Buffer.from(indentedStatement(one, self)) };
  });
}

/** `provenance.json` as several platforms in one folder have it: `provenance.linux_arm64.json`. */
export function withPlatform(name: string, platform: string): string {
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  return `${stem}.${platform}${extension}`;
}

async function subjectsOf({ path: root, files }: AttestedTree, scope: Scope): Promise<readonly StatementSubject[]> {
  if (root === undefined) return [];
  const { walkTree } = await import("../../archive/index.ts");
  const paths = [...walkTree(root, {}, files)].filter(({ kind }) => kind === "file").map(({ path }) => path);
  return await mapLimit(paths, filesAtOnce, async (path) => {
    const hash = createHash("sha256");
    await pipeline(createReadStream(rawBytes(`${root}/${path}`)), hash, { signal: scope.signal });
    return { name: path, digests: [`sha256:${hash.digest("hex")}`] };
  });
}
