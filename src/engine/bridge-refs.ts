import { randomUUID } from "node:crypto";
import type { TreeFiles } from "../archive/index.ts";
import type { FrontendRef } from "../frontend/index.ts";
import { CooperError } from "../kit/index.ts";
import type { Ref } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { EngineEdge } from "./graph.ts";
import type { RequestLog } from "./provenance/request-log.ts";
import { withTree } from "./tree-files.ts";

/** What the ids stand for that a frontend was given: solved definitions, and trees that a failed step left. */
export class BridgeRefs {
  readonly #job: BuildJob;
  readonly #edges = new Map<string, EngineEdge | undefined>();
  readonly #definitions = new Map<string, Uint8Array>();
  readonly #trees = new Map<string, Ref>();
  readonly #ids = new Map<Ref, string>();

  constructor(job: BuildJob) {
    this.#job = job;
  }

  /** `log`: whose question it is. */
  async solve(
    definition: Uint8Array,
    evaluate: boolean,
    log: RequestLog,
    policies: readonly Uint8Array[] = [],
  ): Promise<FrontendRef> {
    const edge = await this.#job.load(definition, { policies });
    if (edge !== undefined) this.#job.solved(edge, log);
    if (evaluate) await this.#job.result(edge);
    const ref = { id: randomUUID() };
    this.#edges.set(ref.id, edge);
    if (edge !== undefined) this.#definitions.set(ref.id, definition);
    return ref;
  }

  definitionOf(id: string): Uint8Array | undefined {
    return this.#definitions.get(id);
  }

  /** Throws `engine/unknown-ref`. */
  edgeOf(ref: FrontendRef | undefined): EngineEdge | undefined {
    if (ref === undefined) return undefined;
    if (!this.#edges.has(ref.id)) throw new CooperError("engine/unknown-ref", `no such ref: ${ref.id}`);
    return this.#edges.get(ref.id);
  }

  /** Gives a tree an id, the same one every time. */
  register(tree: Ref): string {
    const known = this.#ids.get(tree);
    if (known !== undefined) return known;
    const id = randomUUID();
    this.#ids.set(tree, id);
    this.#trees.set(id, tree);
    return id;
  }

  async result(id: string): Promise<Ref> {
    return this.#trees.get(id) ?? this.#job.result(this.edgeOf({ id }));
  }

  /** The result as a tree that is on this machine. */
  async tree(id: string): Promise<Ref> {
    const result = await this.result(id);
    if (result.kind !== "layers") return result;
    const snapshot = await this.#job.materialise(result, this.#edges.get(id));
    return snapshot === undefined ? { kind: "scratch" } : { kind: "snapshot", id: snapshot };
  }

  /** Shows the result's tree at a path while `work` runs; undefined is the empty tree. */
  async show<T>(ref: FrontendRef, work: (root: string | undefined, files?: TreeFiles) => Promise<T>): Promise<T> {
    const result = await this.result(ref.id);
    const here = (tree: Ref) => this.#job.materialise(tree, this.#edges.get(ref.id));
    return withTree(result, this.#job.parts.storage, here, work);
  }
}
