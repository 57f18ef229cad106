import type { FrontendRef, FrontendResult } from "../frontend/index.ts";
import {
  Code,
  gateway,
  type Handler,
  rpcError,
  type ServerCall,
  solveErrorStatus,
  streaming,
  type types,
  unary,
} from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { parseDigest } from "../kit/index.ts";
import { platformFromWire } from "../llb/index.ts";
import type { Init } from "../wire/index.ts";
import { builderCapabilities, gatewayCapabilities } from "./capabilities.ts";
import { carriedError } from "./carried-error.ts";
import { Containers, containerHandlers } from "./containers.ts";
import type { GatewayBridge, GatewayCaller } from "./contract.ts";
import { execProcess } from "./exec-process.ts";
import { rangeOf, statMessage } from "./file-message.ts";
import { deprecated, resultMessage, resultOf } from "./result-message.ts";
import { asAsked, modeOf, resolveSourceMeta } from "./source-meta.ts";
import { warningOf } from "./warning.ts";

/** A call, as handlers here see it. */
export type Call = Pick<ServerCall<unknown, unknown>, "metadata" | "signal">;
/** Whose call it is. */
export type CallerOf = (call: Call) => Promise<GatewayCaller>;

/** Upstream's `LLBBridge`: answers frontends that run elsewhere, in a client or in a container. */
export function gatewayHandlers(
  callerOf: CallerOf,
  worker: () => Promise<Init<types.WorkerRecord>>,
  scope: Scope,
): readonly Handler[] {
  const { LLBBridgeService: service } = gateway;
  const scopeOf = (call: Call): Scope => ({ ...scope, signal: call.signal });
  const bridgeOf = async (call: Call): Promise<GatewayBridge> => (await callerOf(call)).bridge;
  const containers = new Containers();
  return [
    unary(service.Ping, async (_, call) => {
      await bridgeOf(call);
      return { frontendAPICaps: gatewayCapabilities, llbCaps: builderCapabilities, workers: [await worker()] };
    }),
    unary(service.Solve, async (request, call) => {
      const bridge = await bridgeOf(call);
      return solveResponse(await solving(solve(bridge, request, scopeOf(call)), request), request, bridge);
    }),
    unary(service.Evaluate, async ({ ref }, call) => {
      await solving((await bridgeOf(call)).evaluate({ id: ref }));
      return {};
    }),
    unary(service.Inputs, async (_, call) => {
      const { inputs } = await bridgeOf(call);
      return { definitions: new Map([...inputs].map(([name, { definition }]) => [name, definition] as const)) };
    }),
    unary(service.Return, async ({ result, error }, call) => {
      const caller = await callerOf(call);
      if (error !== undefined && error.code !== Code.OK) caller.fails(carriedError(error));
      else caller.returns(resultOf(result));
      return {};
    }),
    unary(service.ResolveImageConfig, async (request, call) =>
      resolveImageConfig(await bridgeOf(call), request, scopeOf(call)),
    ),
    unary(service.ResolveSourceMeta, async (request, call) =>
      resolveSourceMeta(await bridgeOf(call), request, scopeOf(call)),
    ),
    unary(service.ReadFile, async ({ ref, filePath, range }, call) => {
      const { offset, limit } = rangeOf(range);
      const data = await solving((await bridgeOf(call)).readFile({ id: ref }, filePath, scopeOf(call), limit));
      return { data: data.subarray(offset) };
    }),
    unary(service.ReadDir, async ({ ref, dirPath, includePattern }, call) => {
      const entries = await solving((await bridgeOf(call)).readDir({ id: ref }, dirPath, includePattern));
      return { entries: entries.map(statMessage) };
    }),
    unary(service.StatFile, async ({ ref, path }, call) => {
      const info = await (await bridgeOf(call)).fileInfo({ id: ref }, path.startsWith("/") ? path : `/${path}`);
      return { stat: statMessage(info) };
    }),
    unary(service.Warn, async (request, call) => {
      (await bridgeOf(call)).warn(parseDigest(request.digest), warningOf(request));
      return {};
    }),
    ...containerHandlers(containers, bridgeOf),
    streaming(service.ExecProcess, async (call) => {
      const bridge = await bridgeOf(call);
      await execProcess(call, (id) => containers.find(bridge, id));
    }),
  ];
}

/** Whatever went wrong while the frontend's graph was solved says which op it was. */
async function solving<T>(work: Promise<T>, request?: gateway.SolveRequest): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const name = request?.frontend ?? "";
    const frontend = name === "" ? undefined : { name, source: request?.frontendOpt.get("source") ?? "" };
    const { code, message, details } = solveErrorStatus(error, frontend);
    throw rpcError(code, message, details, error);
  }
}

async function solve(bridge: GatewayBridge, request: gateway.SolveRequest, scope: Scope): Promise<FrontendResult> {
  if (request.cacheImports.length > 0) {
    await bridge.importCaches(
      request.cacheImports.map(({ type, attrs }) => ({ type, attrs: Object.fromEntries(attrs) })),
    );
  }
  if (request.definition.byteLength > 0 && request.frontend !== "") {
    throw rpcError(Code.UNKNOWN, "cannot solve with both Definition and Frontend specified");
  }
  if (request.frontend === "") {
    return { refs: new Map([["", await solveDefinition(bridge, request, scope)]]), metadata: new Map() };
  }
  const inputs = new Map([...request.frontendInputs].map(([name, definition]) => [name, { definition }] as const));
  const options = Object.fromEntries(request.frontendOpt);
  const solved = await bridge.forward(request.frontend, { options, inputs }, scope);
  if (request.evaluate) {
    const attested = [...(solved.attestations?.values() ?? [])].flat().map(({ ref }) => ref);
    for (const ref of [...solved.refs.values(), ...attested]) if (ref !== undefined) await bridge.evaluate(ref);
  }
  return solved;
}

async function solveDefinition(
  bridge: GatewayBridge,
  { definition, evaluate, sourcePolicies: policies }: gateway.SolveRequest,
  scope: Scope,
): Promise<FrontendRef | undefined> {
  if (definition.byteLength === 0) return undefined;
  return bridge.solve({ definition }, { evaluate, policies }, scope);
}

/** In the form that the client understands: old ones know a single id. */
function solveResponse(
  solved: FrontendResult,
  { allowResultReturn, allowResultArrayRef }: gateway.SolveRequest,
  bridge: GatewayBridge,
): Init<gateway.SolveResponse> {
  const single = solved.refs.size === 1 && solved.refs.has("");
  if (!single && !allowResultReturn) throw rpcError(Code.UNKNOWN, "solve did not return default result");
  const ref = allowResultReturn ? "" : (solved.refs.get("")?.id ?? "");
  const result = resultMessage(solved, (one) => bridge.definitionOf(one));
  return { ref, result: allowResultArrayRef ? result : deprecated(result) };
}

async function resolveImageConfig(
  bridge: GatewayBridge,
  request: gateway.ResolveImageConfigRequest,
  scope: Scope,
): Promise<Init<gateway.ResolveImageConfigResponse>> {
  const options = {
    mode: modeOf(request.resolveMode),
    logName: request.logName || `resolve image config for ${request.ref}`,
    policies: request.sourcePolicies,
    ...(request.platform && { platform: platformFromWire(request.platform) }),
    ...(request.storeID !== "" && {
      ociLayout: { sessionId: request.sessionID || bridge.sessionId, storeId: request.storeID },
    }),
  };
  const { ref, digest, config } = await bridge.resolveImageConfig(request.ref, options, scope);
  return { ref: asAsked(request.ref, ref), digest, config };
}
