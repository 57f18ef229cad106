import type { CacheableLink, CacheableRecord, CacheableTree } from "../../export/index.ts";
import { type Digest, sha256Fields } from "../../kit/index.ts";
import type { Ref } from "../../ops/index.ts";
import type { PortableInput, PortableKey } from "../../solver/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { EngineScope } from "../engine-scope.ts";
import { exportTree } from "../export-tree.ts";
import type { EngineEdge, EngineVertex } from "../graph.ts";
import { contentDigest, recordDigest } from "./record-digest.ts";

/** A record with the name by which two of them are the same. */
interface Named {
  readonly id: string;
  readonly record: CacheableRecord;
}

/**
 * The keys of everything that a job asked for, as BuildKit has them, with the results that are there: made here, stored, or in a cache that was
 * imported. What rests on what no other builder has a name for is left out. Nothing is made for this but digests of content.
 */
export async function cacheableRecords(job: BuildJob): Promise<readonly CacheableRecord[]> {
  const known = await job.keys();
  const writer = new RecordWriter(job, new Map(known.map(({ vertex, final }) => [vertex.digest, final])));
  const vertices = known.map(({ vertex }) => vertex);
  const used = new Set(vertices.flatMap(({ inputs }) => inputs.map(({ vertex }) => vertex.digest)));
  // The rest is found from there: of a step that others rest on, only the outputs that they use.
  for (const vertex of vertices) if (!used.has(vertex.digest)) await writer.write(vertex);
  return writer.records();
}

class RecordWriter {
  readonly #job: BuildJob;
  /** Final keys by vertex; of what is true for this build only there is none. */
  readonly #finals: ReadonlyMap<Digest, Digest>;
  readonly #scope: EngineScope;
  readonly #named = new Map<string, CacheableRecord>();
  readonly #written = new Map<string, Promise<readonly Named[]>>();

  constructor(job: BuildJob, finals: ReadonlyMap<Digest, Digest>) {
    this.#job = job;
    this.#finals = finals;
    this.#scope = job.vertexScope();
  }

  records(): readonly CacheableRecord[] {
    return [...this.#named.values()];
  }

  /** All outputs of the vertex, and everything that it rests on. */
  async write(vertex: EngineVertex): Promise<void> {
    const key = await vertex.op.portable?.(this.#scope);
    for (let output = 0; output < (key?.outputs ?? 0); output++) await this.#edge({ vertex, output });
  }

  #edge(edge: EngineEdge): Promise<readonly Named[]> {
    const name = `${edge.vertex.digest} ${edge.output}`;
    let written = this.#written.get(name);
    if (written === undefined) {
      written = this.#writeEdge(edge);
      this.#written.set(name, written);
    }
    return written;
  }

  async #writeEdge(edge: EngineEdge): Promise<readonly Named[]> {
    // A chain of vertices may be longer than the stack is deep.
    await Promise.resolve();
    const { vertex, output } = edge;
    const key = await vertex.op.portable?.(this.#scope);
    if (key === undefined || key.digests.length === 0) return [];
    const inputs = await Promise.all(vertex.inputs.map((input, at) => this.#links(edge, input, at, key)));
    if (inputs.some((links) => links.length === 0)) return [];
    const result = vertex.inputs.length === 0 ? undefined : await this.#result(edge);
    return key.digests.map((digest) => this.#record(recordDigest(digest, output), inputs, result));
  }

  /** Everything that may stand for the input. */
  async #links(
    edge: EngineEdge,
    input: EngineEdge,
    at: number,
    key: PortableKey<Ref, EngineScope>,
  ): Promise<readonly (CacheableLink & Named)[]> {
    const { selector, content } = key.inputs[at] ?? { selector: "" };
    const named = (await this.#edge(input)).map((one) => ({ ...one, selector }));
    const contents = content === undefined ? [] : await this.#contents(edge, input, at, content);
    return [...named, ...contents.map((digest) => ({ ...this.#record(digest, [], undefined), selector: "" }))];
  }

  /** The content of an input that is here; of one that is not, what a cache knew of it. */
  async #contents(
    edge: EngineEdge,
    input: EngineEdge,
    at: number,
    content: NonNullable<PortableInput<Ref, EngineScope>["content"]>,
  ): Promise<readonly Digest[]> {
    const here = await this.#here(input);
    if (here === undefined) return (await this.#job.member.finder?.contentKeys(edge, at)) ?? [];
    try {
      return [contentDigest(await content(here, this.#scope))];
    } catch {
      this.#scope.signal.throwIfAborted();
      return [];
    }
  }

  async #here({ vertex, output }: EngineEdge): Promise<Ref | undefined> {
    const final = this.#finals.get(vertex.digest);
    if (final === undefined) {
      return vertex.inputs.length === 0 ? this.#job.result({ vertex, output }) : undefined;
    }
    const ref = (await this.#job.stored(final))?.[output];
    if (ref?.kind !== "layers") return ref;
    const top = ref.layers.at(-1);
    if (top === undefined) return { kind: "scratch" };
    const snapshot = this.#job.parts.storage.snapshots.byName(top.chainId);
    return snapshot && { kind: "snapshot", id: snapshot.id };
  }

  async #result({ vertex, output }: EngineEdge): Promise<CacheableTree | undefined> {
    const final = this.#finals.get(vertex.digest);
    const ref = final === undefined ? undefined : (await this.#job.stored(final, vertex))?.[output];
    if (ref === undefined || ref.kind === "folder") return undefined;
    const tree = exportTree(ref, this.#job.parts.storage.snapshots);
    const top = tree.layers.at(-1);
    return top && { tree, createdAt: top.createdAt ?? new Date() };
  }

  #record(
    digest: Digest,
    inputs: readonly (readonly (CacheableLink & Named)[])[],
    result: CacheableTree | undefined,
  ): Named {
    const links = inputs.map((input) => [...new Set(input.map(({ selector, id }) => `${selector}@${id}`))].sort());
    const id = sha256Fields(digest, JSON.stringify(links));
    const known = this.#named.get(id);
    if (known !== undefined && (known.result !== undefined || result === undefined)) return { id, record: known };
    if (known !== undefined) {
      // Another vertex of the same key has the result: links to this record stay.
      const record = Object.assign(known, { result });
      return { id, record };
    }
    const record: CacheableRecord = { digest, inputs: inputs.map(withoutDoubles), result };
    this.#named.set(id, record);
    return { id, record };
  }
}

function withoutDoubles(links: readonly (CacheableLink & Named)[]): readonly CacheableLink[] {
  const distinct = new Map(links.map((link) => [`${link.selector}@${link.id}`, link]));
  return [...distinct.values()].map(({ selector, record }) => ({ selector, record }));
}
