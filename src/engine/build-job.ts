import { CooperError, type Digest, prefixed, type Scope } from "../kit/index.ts";
import { type DefinitionVertex, type ParsedDefinition, unmarshalDefinition } from "../llb/index.ts";
import {
  type ImageResolver,
  type OpEvent,
  type OpScope,
  portableKeyOf,
  type Ref,
  renewCaches,
  SourceAnswers,
} from "../ops/index.ts";
import type { RequestRecord } from "../proxy/index.ts";
import type { Session } from "../session/index.ts";
import type { Job, KnownKey } from "../solver/index.ts";
import type { SnapshotId } from "../storage/index.ts";
import { openBridge } from "./bridge.ts";
import type { BuildRequest, SolveStatus } from "./contract.ts";
import { devicesOf } from "./device-rights.ts";
import type { EngineScope, Member } from "./engine-scope.ts";
import { checkNeeds } from "./entitlements.ts";
import { announceGraph, type EngineEdge, type EngineVertex, graphOf } from "./graph.ts";
import { JobStatus } from "./job-status.ts";
import type { EngineParts } from "./parts.ts";
import { BuildClock } from "./provenance/build-clock.ts";
import { RequestLog } from "./provenance/request-log.ts";
import { rootRequest } from "./provenance/request-store.ts";
import { SourcePlaces } from "./source-error.ts";
import { applyPolicy } from "./source-policy/apply-policy.ts";
import { SourcePolicy } from "./source-policy/policy.ts";
import { requestCheck, withProxyNetwork } from "./source-policy/proxy-network.ts";
import { type SourceCheck, sourceCheck } from "./source-policy/source-check.ts";

/** One build's own: its progress, its interest in vertices, its images. Close it on every path: work that only it wants ends. */
export class BuildJob implements AsyncDisposable {
  readonly parts: EngineParts;
  readonly request: BuildRequest;
  readonly session: Session;
  readonly status: JobStatus;
  readonly images: ImageResolver;
  readonly answers = new SourceAnswers();
  readonly places = new SourcePlaces();
  /** What steps got through the builder's proxy, by vertex. */
  readonly requests = new Map<Digest, RequestRecord>();
  readonly member: Member;
  /** What was asked in this build, and what was made of it: where results come from. */
  readonly log: RequestLog;
  readonly clock = new BuildClock();
  /** Edges whose result is known. */
  readonly evaluated = new Set<EngineEdge>();
  readonly #scope: Scope;
  readonly #vertices = new Map<Digest, DefinitionVertex>();
  readonly #job: Job<Ref, EngineScope>;
  readonly #controller = new AbortController();
  readonly #tracked = new Set<Promise<unknown>>();
  readonly #renewed = new Set<string>();
  readonly #held = new AsyncDisposableStack();
  readonly #requests = new DisposableStack();

  constructor(
    parts: EngineParts,
    request: BuildRequest,
    session: Session,
    onStatus: (status: SolveStatus) => void,
    scope: Scope,
  ) {
    this.parts = parts;
    this.request = request;
    this.session = session;
    this.#scope = { ...scope, signal: AbortSignal.any([scope.signal, this.#controller.signal]) };
    this.status = new JobStatus(onStatus, scope.signal);
    this.member = {
      session,
      status: this.status,
      layerVertices: new Map(),
      finder: undefined,
      keepsFailures: false,
      onRequests: (vertex, record) => this.requests.set(vertex, record),
      allowRequest: requestCheck(() => this.sourceCheck()),
      traceOf: request.traceOf,
      solve: async (definition) => this.result(await this.load(definition)),
    };
    this.images = parts.imageResolver();
    this.log = new RequestLog(undefined, rootRequest(request, parts.requests));
    this.#job = parts.solver.job({
      member: this.member,
      signal: scope.signal,
      onEvent: (event) => this.status.solver(event),
    });
  }

  /** Reads a definition and checks what it needs; nothing runs yet. Undefined: scratch. */
  async load(
    bytes: Uint8Array,
    options: { readonly ignoreCache?: boolean; readonly policies?: readonly Uint8Array[] } = {},
  ): Promise<EngineEdge | undefined> {
    const check = this.sourceCheck(options.policies);
    const allowed = check === undefined ? bytes : await applyPolicy(bytes, check).catch(failLoading);
    const networked = this.proxyNetwork ? withProxyNetwork(allowed) : allowed;
    const definition = readDefinition(networked, this.request.entitlements);
    this.places.add(definition);
    for (const [digest, vertex] of definition.byDigest) this.#vertices.set(digest, vertex);
    const ignoreCache = options.ignoreCache ?? false;
    renewCaches(definition, ignoreCache, this.parts.storage, this.#renewed);
    const devices = await devicesOf(definition, this.request.entitlements, this.parts.devices);
    const { images, answers } = this;
    const makeOp = (vertex: DefinitionVertex) => ({
      ...this.parts.makeOp(devices.get(vertex.digest) ?? vertex, images, answers),
      portable: portableKeyOf(vertex, { storage: this.parts.storage, images, answers }),
    });
    const edge = graphOf(definition, makeOp, ignoreCache);
    if (edge !== undefined) announceGraph(edge, definition, this.status);
    return edge;
  }

  /** Whether steps reach the network by way of the builder's proxy alone: as this build or the builder wants it. */
  get proxyNetwork(): boolean {
    return this.request.proxyNetwork === true || this.parts.proxyNetwork;
  }

  /** What decides about sources: the request's policy and those of the frontend's question. Throws `engine/bad-policy`. */
  sourceCheck(policies: readonly Uint8Array[] = []): SourceCheck | undefined {
    const { sourcePolicy, verifySource } = this.request;
    const all = [...(sourcePolicy === undefined ? [] : [sourcePolicy]), ...policies];
    const policy = all.length === 0 ? undefined : new SourcePolicy(all);
    return sourceCheck(policy, verifySource, () => openBridge(this, { unchecked: true }), this.#scope);
  }

  /** A vertex of any definition that was loaded. */
  vertex(digest: Digest): DefinitionVertex | undefined {
    return this.#vertices.get(digest);
  }

  /** Runs what the edge needs. */
  async result(edge: EngineEdge | undefined): Promise<Ref> {
    if (edge === undefined) return { kind: "scratch" };
    const result = await this.#job.result(edge);
    this.evaluated.add(edge);
    return result;
  }

  /** Remembers who had the edge solved; other builds may ask where its definition comes from, while this one runs. */
  solved(edge: EngineEdge, log: RequestLog): void {
    if (this.#requests.disposed) throw new CooperError("engine/cancelled", "context canceled");
    log.solved.add(edge);
    if (log.asked !== undefined) this.#requests.use(this.parts.requests.add(edge.vertex.digest, log.asked));
  }

  /** What the source of a vertex found: a digest, a commit. */
  found(vertex: EngineVertex): Promise<string | undefined> {
    return this.#job.found(vertex);
  }

  /** The keys of all vertices so far. */
  keys(): Promise<readonly KnownKey<Ref, EngineScope>[]> {
    return this.#job.keys();
  }

  /** What a vertex's results are, by its key: stored here or in a cache that was imported. Nothing is made that is not there. */
  async stored(key: Digest, vertex?: EngineVertex): Promise<readonly (Ref | undefined)[] | undefined> {
    const refs = await this.parts.results.load(key, { imported: undefined });
    return refs ?? (vertex === undefined ? undefined : await this.member.finder?.load(vertex));
  }

  /** Makes a result's tree present; a pull shows in the progress of its vertex. */
  async materialise(ref: Ref, edge: EngineEdge | undefined): Promise<SnapshotId | undefined> {
    const work = (emit: (event: OpEvent) => void) => this.parts.materialise(ref, this.scope(emit));
    if (ref.kind !== "layers" || edge === undefined) return work(() => {});
    const { digest } = edge.vertex;
    return this.status.during(digest, () => work((event) => this.status.op(digest, event)));
  }

  /** A scope for work outside of the graph. */
  scope(emit: (event: OpEvent) => void): OpScope {
    return { ...this.#scope, emit, callers: [this.session] };
  }

  /** A scope for questions about vertices that are no part of any vertex's own work. */
  vertexScope(): EngineScope {
    const scope = this.scope(() => {});
    return { ...scope, imported: undefined, during: (_, work) => work(scope) };
  }

  /** Work for the frontend: the job waits for its end before it closes. */
  track<T>(work: Promise<T>): Promise<T> {
    const seen = work.catch(() => {}).finally(() => this.#tracked.delete(seen));
    this.#tracked.add(seen);
    return work;
  }

  /** What the frontend opened: disposed of when the job closes, at the latest. */
  hold(opened: AsyncDisposable): void {
    this.#held.use(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new CooperError("engine/cancelled", "context canceled"));
    await Promise.all([this.#job.close(), ...this.#tracked]);
    this.#requests.dispose();
    await this.#held.disposeAsync();
  }
}

function readDefinition(bytes: Uint8Array, granted: readonly string[]): ParsedDefinition {
  try {
    const definition = unmarshalDefinition(bytes);
    checkNeeds(definition, granted);
    return definition;
  } catch (error) {
    return failLoading(error);
  }
}

function failLoading(error: unknown): never {
  throw prefixed("failed to load LLB", error, "engine/failed");
}
