import { type Digest, sha256 } from "../../kit/index.ts";
import { type DefinitionVertex, type Op as LlbOp, portableJson } from "../../llb/index.ts";
import { hostPlatform } from "../../oci/index.ts";
import type { PortableInput, PortableKey } from "../../solver/index.ts";
import type { HashSelector, Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { hashableTree } from "../selection.ts";
import type { SourceAnswers } from "../source/answers.ts";
import type { ImageResolver } from "../source/image/image-resolver.ts";
import { execSelection, fileSelection, type PortableSelection } from "./selectors.ts";
import { sourceNames } from "./source-names.ts";

/** What names of sources are asked of. */
export interface PortableTools {
  readonly storage: Storage;
  readonly images: ImageResolver;
  readonly answers: SourceAnswers;
}

/** The names and selectors that BuildKit's solver has of the vertex. Throws what asking a source throws. */
export async function portableKey(
  { op, bytes }: DefinitionVertex,
  tools: PortableTools,
  scope: OpScope,
): Promise<PortableKey<Ref, OpScope>> {
  if (op.body.kind === "source") {
    const names = await sourceNames(op.body, op.platform ?? hostPlatform(), tools, scope);
    return { digests: names.map((name) => sha256(`buildkit.source.v0:${name}`)), outputs: 1, inputs: [] };
  }
  const json = portableJson(bytes, hostPlatform());
  return {
    digests: json === undefined ? [] : [sha256(json)],
    outputs: outputsOf(op),
    inputs: op.inputs.map((_, input) => portableInput(selectionOf(op, input), tools.storage)),
  };
}

function outputsOf({ body }: LlbOp): number {
  switch (body.kind) {
    case "exec":
      return body.mounts.filter(({ output }) => output !== undefined).length;
    case "file":
      return body.actions.filter(({ output }) => output !== undefined).length;
    case "passthrough":
      return body.outputs.length;
    default:
      return 1;
  }
}

function selectionOf({ body }: LlbOp, input: number): PortableSelection {
  if (body.kind === "file") return fileSelection(body, input);
  if (body.kind === "exec") return execSelection(body, input);
  return { selector: "", content: undefined };
}

function portableInput({ selector, content }: PortableSelection, storage: Storage): PortableInput<Ref, OpScope> {
  if (content === undefined) return { selector };
  return { selector, content: (input, scope) => contentOf(input, content, storage, scope) };
}

async function contentOf(
  input: Ref,
  selectors: readonly HashSelector[],
  storage: Storage,
  scope: OpScope,
): Promise<Digest> {
  const whole: HashSelector = { path: "/", wildcard: false, followLinks: false, include: [], exclude: [] };
  const digests: Digest[] = [];
  for (const selector of selectors.length === 0 ? [whole] : selectors) {
    digests.push(await storage.contentHashes.portable(hashableTree(input), selector, scope));
  }
  return sha256(digests.join("\0"));
}
