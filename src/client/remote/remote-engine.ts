import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { BuildRequest, BuildResponse, Engine, OpenEngine, SolveStatus } from "../../engine/index.ts";
import { Code, control, type GrpcClient, gateway, rpcError } from "../../grpc/index.ts";
import { isCooperError, prefixed, raceSignal, type Scope, sha256, sleep, withChildScope } from "../../kit/index.ts";
import type { LayoutEntry, Session } from "../../session/index.ts";
import { attachSession } from "../../tunnel/index.ts";
import type { Init } from "../../wire/index.ts";
import { type DaemonAddress, type DaemonConnection, dial } from "./dial.ts";
import { solveStatus } from "./status.ts";
import { plainError } from "./status-error.ts";

/** An engine that lives in a daemon. Its own options count there, not ours. */
export function remoteEngine(
  place: DaemonAddress,
  connect = (scope: Scope): Promise<DaemonConnection> => dial(place, scope),
): OpenEngine {
  return async (_, scope): Promise<Engine> => {
    const connection = await connect(scope).catch((error: unknown) => {
      throw isCooperError(error, "client/unreachable")
        ? prefixed("listing workers for Build: failed to list workers", error, "client/unreachable")
        : error;
    });
    return {
      async build(request, session, onStatus, buildScope) {
        try {
          return await buildThere(connection.client, request, session, onStatus, buildScope);
        } catch (error) {
          throw plainError(error);
        }
      },
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  };
}

/**
 * One build at a daemon: session, progress, the build, and, as upstream's client does it, the frontend's work asked for and
 * handed back through the gateway. All of it has ended when it settles.
 */
async function buildThere(
  client: GrpcClient,
  request: BuildRequest,
  session: Session,
  onStatus: (status: SolveStatus) => void,
  scope: Scope,
): Promise<BuildResponse> {
  return withChildScope(scope, async (inner, abort) => {
    await using attached = attachSession(client, session, sharedKey(), inner, (what) => tellLogin(what, onStatus));
    void attached.ended.then(() => abort(rpcError(Code.UNAVAILABLE, "session closed by the daemon")));
    const progress = follow(client, request.ref, onStatus, inner);
    progress.catch(() => {});
    const solved = client.unary(control.ControlService.Solve, solveMessage(request, session.id), {
      ...inner,
      metadata: traceOf(request),
    });
    const metadata = request.frontend === "" ? undefined : runFrontend(client, request, inner);
    metadata?.catch(() => {});
    const { exporterResponse } = await solved.catch(async (error: unknown) => {
      // What the build told before it failed is on its way.
      if (!inner.signal.aborted) await Promise.race([progress, sleep(lastWords, inner.signal)]).catch(() => {});
      throw error;
    });
    await progress;
    await listExported(session, exporterResponse);
    await listCaches(session, request, exporterResponse);
    return {
      exporterResponse: Object.fromEntries(exporterResponse),
      ...(metadata && { frontendMetadata: await metadata }),
    };
  });
}

/** An image that the daemon wrote into a layout here is listed by this side, as upstream's client does it. */
async function listExported(session: Session, response: ReadonlyMap<string, string>): Promise<void> {
  const result = session.blobFolder?.("export");
  const entry = response.get("containerimage.descriptor");
  if (result === undefined || entry === undefined) return;
  const names = response.get("image.name")?.split(",") ?? ["latest"];
  await result.folder.list(JSON.parse(Buffer.from(entry, "base64").toString("utf8")) as LayoutEntry, names);
}

/** So it is with a cache that the daemon wrote into a folder here. */
async function listCaches(
  session: Session,
  { cacheExports }: BuildRequest,
  response: ReadonlyMap<string, string>,
): Promise<void> {
  const manifest = response.get("cache.manifest");
  if (manifest === undefined) return;
  for (const { type, attrs } of cacheExports) {
    const cache = type === "local" ? session.blobFolder?.(`local:${attrs.dest ?? ""}`) : undefined;
    await cache?.folder.list(JSON.parse(manifest) as LayoutEntry, [attrs.tag || "latest"]);
  }
}

/** How long progress may still come in after a build failed, in milliseconds: upstream's. */
const lastWords = 3000;

/** Transfers of this machine's directories are expected to be alike. */
function sharedKey(): string {
  return createHash("sha256").update(`${hostname()}\0${process.cwd()}`).digest("hex").slice(0, 32);
}

async function follow(
  client: GrpcClient,
  ref: string,
  onStatus: (status: SolveStatus) => void,
  scope: Scope,
): Promise<void> {
  const call = client.call(control.ControlService.Status, scope);
  await call.messages.send({ ref });
  call.end();
  for await (const message of call.messages) onStatus(solveStatus(message));
}

/** A login that the daemon used shows as a step of its own. */
function tellLogin(what: string, onStatus: (status: SolveStatus) => void): void {
  const vertex = { digest: sha256(randomBytes(32)), name: `[auth] ${what}`, started: new Date() };
  onStatus({ vertexes: [vertex] });
  onStatus({ vertexes: [{ ...vertex, completed: new Date() }] });
}

const traceOf = ({ traceparent }: BuildRequest): ReadonlyMap<string, string[]> =>
  new Map(traceparent === undefined ? [] : [["traceparent", [traceparent]]]);

/** Lets the daemon's frontend work and hands its result, or its error, back as this client's own. Gives the result's metadata. */
async function runFrontend(
  client: GrpcClient,
  request: BuildRequest,
  scope: Scope,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { LLBBridgeService: service } = gateway;
  const metadata = new Map([["buildkit-controlapi-buildid", [request.ref]], ...traceOf(request)]);
  const options = { signal: scope.signal, metadata };
  await client.unary(service.Ping, {}, { ...options, timeout: 60_000 });
  const imports = request.cacheImports.map(({ type, attrs }) => ({ Type: type, Attrs: attrs }));
  const noCache = request.noCache && !("no-cache" in request.frontendOptions) ? { "no-cache": "" } : {};
  const { result } = await client
    .unary(
      service.Solve,
      {
        frontend: request.frontend,
        frontendOpt: new Map(
          Object.entries({
            ...request.frontendOptions,
            ...noCache,
            // Upstream's frontends hear of caches by this option.
            ...(imports.length > 0 && { "cache-imports": JSON.stringify(imports) }),
          }),
        ),
        allowResultReturn: true,
        allowResultArrayRef: true,
        ...(request.frontendInputs && { frontendInputs: request.frontendInputs }),
      },
      options,
    )
    .catch(async (error: unknown) => {
      await returnError(client, error, options);
      throw error;
    });
  await client.unary(service.Return, { result: result ?? {} } as Init<gateway.ReturnRequest>, options);
  return result?.metadata ?? new Map();
}

async function returnError(
  client: GrpcClient,
  error: unknown,
  options: { readonly signal: AbortSignal; readonly metadata: ReadonlyMap<string, readonly string[]> },
): Promise<void> {
  const { statusOf } = await import("../../grpc/index.ts");
  if (options.signal.aborted) return;
  await raceSignal(client.unary(gateway.LLBBridgeService.Return, { error: statusOf(error) }, options), options.signal);
}

function solveMessage(request: BuildRequest, session: string): Init<control.SolveRequest> {
  const entry = ({ type, attrs }: { readonly type: string; readonly attrs: Readonly<Record<string, string>> }) => ({
    type,
    attrs: new Map(Object.entries(attrs)),
  });
  const [first] = request.exporters;
  return {
    ref: request.ref,
    session,
    ...(request.definition && { graph: { case: "definition" as const, value: request.definition } }),
    // Older daemons know one exporter only.
    ...(first && { exporterDeprecated: first.type, exporterAttrsDeprecated: new Map(Object.entries(first.attrs)) }),
    exporters: request.exporters.map(entry),
    cache: { exports: request.cacheExports.map(entry), imports: request.cacheImports.map(entry) },
    entitlements: request.entitlements,
    ...(request.sourcePolicy && { sourcePolicy: request.sourcePolicy }),
    ...(request.proxyNetwork && { proxyNetwork: true }),
  };
}
