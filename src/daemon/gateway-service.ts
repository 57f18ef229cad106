import { isAbsolute } from "node:path";
import type { FileInfo, GatewayBridge } from "../engine/index.ts";
import type { FrontendRef, FrontendResult } from "../frontend/index.ts";
import { Code, firstOf, gateway, type Handler, rpcError, type ServerCall, type types, unary } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { parseDigest } from "../kit/index.ts";
import { toGoMode } from "../tunnel/index.ts";
import type { Init } from "../wire/index.ts";
import type { Builds } from "./builds.ts";
import { builderCapabilities, gatewayCapabilities } from "./capabilities.ts";
import { carriedError } from "./carried-error.ts";
import { resultMessage, resultOf } from "./result-message.ts";
import { modeOf, resolveSourceMeta } from "./source-meta.ts";
import { plainPlatform } from "./worker-record.ts";

type Call = Pick<ServerCall<unknown, unknown>, "metadata" | "signal">;
const buildId = "buildkit-controlapi-buildid";

/** The gateway for clients that run the frontend themselves: each call names its build in a header. */
export function gatewayHandlers(builds: Builds, worker: Init<types.WorkerRecord>, scope: Scope): readonly Handler[] {
  const { LLBBridgeService: service } = gateway;
  const scopeOf = (call: Call): Scope => ({ ...scope, signal: call.signal });
  const buildOf = (call: Call) => {
    const ref = firstOf(call.metadata, buildId);
    if (ref === undefined) throw rpcError(Code.INVALID_ARGUMENT, "no buildid found in context");
    return builds.find(ref, call.signal);
  };
  const bridgeOf = async (call: Call): Promise<GatewayBridge> => (await buildOf(call)).bridge(call.signal);
  return [
    unary(service.Ping, async (_, call) => {
      await bridgeOf(call);
      return { frontendAPICaps: gatewayCapabilities, llbCaps: builderCapabilities, workers: [worker] };
    }),
    unary(service.Solve, async (request, call) => ({
      result: await solve(await bridgeOf(call), request, scopeOf(call)),
    })),
    unary(service.Evaluate, async ({ ref }, call) => {
      await (await bridgeOf(call)).evaluate({ id: ref });
      return {};
    }),
    unary(service.Inputs, async () => ({})),
    unary(service.Return, async ({ result, error }, call) => {
      const build = await buildOf(call);
      if (error !== undefined && error.code !== Code.OK) build.fails(carriedError(error));
      else build.returns(resultOf(result));
      return {};
    }),
    unary(service.ResolveImageConfig, async (request, call) => {
      const bridge = await bridgeOf(call);
      const { ref, digest, config } = await bridge.resolveImageConfig(
        request.ref,
        {
          mode: modeOf(request.resolveMode),
          logName: request.logName || `resolve image config for ${request.ref}`,
          ...(request.platform && { platform: plainPlatform(request.platform) }),
          ...(request.storeID !== "" && {
            ociLayout: { sessionId: request.sessionID || bridge.sessionId, storeId: request.storeID },
          }),
        },
        scopeOf(call),
      );
      return { ref, digest, config };
    }),
    unary(service.ResolveSourceMeta, async (request, call) =>
      resolveSourceMeta(await bridgeOf(call), request, scopeOf(call)),
    ),
    unary(service.ReadFile, async ({ ref, filePath, range }, call) => {
      const [offset, length] = [Number(range?.offset ?? 0n), Number(range?.length ?? 0n)];
      const limit = length > 0 ? offset + length : undefined;
      const data = await (await bridgeOf(call)).readFile({ id: ref }, filePath, scopeOf(call), limit);
      return { data: data.subarray(offset) };
    }),
    unary(service.ReadDir, async ({ ref, dirPath, includePattern }, call) => {
      const entries = await (await bridgeOf(call)).readDir({ id: ref }, dirPath, includePattern);
      return { entries: entries.map((info) => statMessage(info)) };
    }),
    unary(service.StatFile, async ({ ref, path }, call) => ({
      stat: statMessage(await (await bridgeOf(call)).fileInfo({ id: ref }, isAbsolute(path) ? path : `/${path}`)),
    })),
    unary(service.Warn, async (request, call) => {
      (await bridgeOf(call)).warn(parseDigest(request.digest), warningOf(request));
      return {};
    }),
  ];
}

async function solve(
  bridge: GatewayBridge,
  request: gateway.SolveRequest,
  scope: Scope,
): Promise<Init<gateway.Result>> {
  const inputs = new Map([...request.frontendInputs].map(([name, definition]) => [name, { definition }] as const));
  const options = Object.fromEntries(request.frontendOpt);
  const solved: FrontendResult =
    request.frontend === ""
      ? { refs: new Map([["", await solveDefinition(bridge, request, scope)]]), metadata: new Map() }
      : await bridge.forward(request.frontend, { options, inputs }, scope);
  if (request.evaluate && request.frontend !== "") {
    for (const ref of solved.refs.values()) if (ref !== undefined) await bridge.evaluate(ref);
  }
  return resultMessage(solved, (ref) => bridge.definitionOf(ref));
}

async function solveDefinition(
  bridge: GatewayBridge,
  { definition, evaluate }: gateway.SolveRequest,
  scope: Scope,
): Promise<FrontendRef | undefined> {
  if (definition.byteLength === 0) return undefined;
  return bridge.solve({ definition }, { evaluate }, scope);
}

function statMessage(info: FileInfo) {
  return {
    path: info.name,
    mode: toGoMode(info.kind, info.mode),
    uid: info.uid,
    gid: info.gid,
    size: BigInt(info.size),
    modTime: info.mtime,
    linkname: info.linkTarget ?? "",
  };
}

function warningOf(request: gateway.WarnRequest) {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  const { info, ranges } = request;
  const position = (at: { readonly line: number; readonly character: number } | undefined) => ({
    line: at?.line ?? 0,
    character: at?.character ?? 0,
  });
  return {
    level: Number(request.level),
    short: text(request.short),
    detail: request.detail.map(text),
    url: request.url,
    ...(info && { source: { filename: info.filename, data: info.data, language: info.language } }),
    ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })),
  };
}
