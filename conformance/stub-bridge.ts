import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type {
  DefinitionBytes,
  FrontendBridge,
  FrontendRef,
  FrontendRequest,
  FrontendWarning,
} from "../src/frontend/index.ts";
import { CooperError, type Digest } from "../src/kit/index.ts";
import { buildDefinition, image, scratch, unmarshalDefinition } from "../src/llb/index.ts";
import { canonicalReference, formatPlatformAll, goJson, sortedMap } from "../src/oci/index.ts";
import { decode, pb } from "../src/wire/index.ts";
import type { Case } from "./case.ts";
import { type RecordedImages, stubImage } from "./images.ts";

const linux = { os: "linux", architecture: "amd64" } as const;

/** Where a solved definition's files are: a folder of the case, or a file that the definition itself makes. */
type StubTree = { readonly folder: string } | { readonly file: string; readonly data: Uint8Array } | undefined;

interface StubRef extends FrontendRef {
  readonly definition: Uint8Array;
  readonly tree: StubTree;
}

/** A frontend's bridge that serves what a case recorded, and keeps what it was told. */
export class StubBridge implements FrontendBridge {
  readonly sessionId = "golden-session";
  readonly workerPlatforms = [linux];
  readonly warnings: { readonly vertex: Digest; readonly warning: FrontendWarning }[] = [];
  /** Images and sources that were asked for. */
  readonly resolves: Record<string, unknown>[] = [];
  readonly #case: Case;
  #solves = 0;

  constructor(recorded: Case) {
    this.#case = recorded;
  }

  request(): FrontendRequest {
    const inputs = Object.entries(this.#case.inputs).map(([name, input]): [string, DefinitionBytes] => {
      const state = "Image" in input ? image(canonicalReference(input.Image), { platform: linux }) : fileState(input);
      return [name, { definition: buildDefinition(state, { platform: linux }).bytes }];
    });
    return { options: this.#case.options, inputs: new Map(inputs) };
  }

  async solve({ definition }: DefinitionBytes): Promise<StubRef> {
    return { id: `ref-${this.#solves++}`, definition, tree: treeOf(definition, this.#case.dir) };
  }

  async forward(frontend: string, request: FrontendRequest): Promise<never> {
    const options = goJson(sortedMap(request.options) ?? {});
    throw new CooperError("stub/forward", `stub: frontend ${frontend} forwarded with opts ${options}`);
  }

  async resolveImageConfig(ref: string, options: Parameters<FrontendBridge["resolveImageConfig"]>[1]) {
    this.resolves.push({
      ref,
      ...(options.platform && { platform: formatPlatformAll(options.platform) }),
      ...(options.ociLayout === undefined && options.logName !== "" && { resolveMode: options.mode }),
      logName: options.logName,
      ...(options.ociLayout && { kind: `oci-layout store=${options.ociLayout.storeId}` }),
    });
    if (isMissing(ref, this.#case)) {
      throw new CooperError("stub/not-found", `failed to resolve source metadata for ${ref}: ${ref}: not found`);
    }
    return { ref, ...stubImage(ref, options.platform, recordedImages(this.#case)) };
  }

  async resolveSourceMeta(identifier: string, attrs: Record<string, string>, options: { readonly logName: string }) {
    const kind = `source-metadata attrs=${goJson(sortedMap(attrs) ?? null)}`;
    this.resolves.push({ ref: identifier, logName: options.logName, kind });
    if (identifier.startsWith("git://")) return { identifier, git: { checksum: "", ref: "", commitObject: commit } };
    const lastModified = new Date(1500000000 * 1000);
    return { identifier, http: { checksum: `sha256:${"0".repeat(64)}` as Digest, filename: "", lastModified } };
  }

  async readFile(ref: FrontendRef, path: string, _scope: unknown, limit?: number): Promise<Uint8Array> {
    const { tree } = ref as StubRef;
    const file = tree !== undefined && "folder" in tree ? join(tree.folder, path) : undefined;
    if (file !== undefined && existsSync(file)) return readFileSync(file).subarray(0, limit);
    if (tree !== undefined && "file" in tree && join("/", tree.file) === join("/", path)) return tree.data;
    throw new CooperError("frontend/not-found", `open ${path}: no such file or directory`);
  }

  async statFile(ref: FrontendRef, path: string) {
    const { tree } = ref as StubRef;
    const file = tree !== undefined && "folder" in tree ? join(tree.folder, path) : "";
    if (!existsSync(file)) throw new CooperError("frontend/not-found", `stat ${path}: no such file or directory`);
    const found = statSync(file);
    return { type: found.isDirectory() ? ("directory" as const) : ("file" as const), size: found.size };
  }

  warn(vertex: Digest, warning: FrontendWarning): void {
    this.warnings.push({ vertex, warning });
  }
}

/** The bytes that a result's ref was solved from. */
export function definitionOf(ref: FrontendRef): Uint8Array {
  return (ref as StubRef).definition;
}

const commit = Buffer.from(
  [
    "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "author A <a@example.com> 1600000000 +0000",
    "committer C <c@example.com> 1600000100 +0000",
    "",
    "message",
  ].join("\n"),
);

function recordedImages({ expected }: Case): RecordedImages {
  const { llb, image = new Map<string, string>() } = expected;
  const base = [...image].find(([key]) => key.startsWith("containerimage.base.config"))?.[1];
  const raws = llb && Object.values(llb.builds).flatMap(({ ops = [] }) => ops.map(({ raw }) => raw));
  const sources = raws?.map((raw) => decode(pb.Op, Buffer.from(raw, "base64")).op);
  return {
    identifiers: sources?.flatMap((op) => (op?.case === "source" ? [op.value.identifier] : [])),
    baseConfig: base === undefined ? undefined : JSON.parse(base),
  };
}

/** An image is missing when the case recorded that it is. */
function isMissing(ref: string, { failures }: Case): boolean {
  return failures.includes(`failed to resolve source metadata for ${ref}:`);
}

function fileState(input: { readonly Mkfile: string; readonly Content: string }) {
  const data = Buffer.from(input.Content);
  return scratch().file([{ kind: "mkfile", path: input.Mkfile, mode: 0o644, data, timestamp: undefined }]);
}

function treeOf(definition: Uint8Array, dir: string): StubTree {
  const { head, byDigest } = unmarshalDefinition(definition);
  const body = head && byDigest.get(head.digest)?.op.body;
  if (body?.kind === "file") {
    const [step] = body.actions;
    return step?.action.kind === "mkfile" ? { file: step.action.path, data: step.action.data } : undefined;
  }
  if (body?.kind !== "source") return undefined;
  const [scheme = "", name = ""] = body.identifier.split("://");
  if (scheme === "git" || scheme.startsWith("http")) return { folder: join(dir, scheme === "git" ? "git" : "http") };
  if (scheme !== "local") return undefined;
  return { folder: name === "context" || name === "dockerfile" ? dir : join(dir, `ctx-${name}`) };
}
