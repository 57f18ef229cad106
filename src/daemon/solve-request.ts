import type { BuildRequest } from "../engine/index.ts";
import type { control } from "../grpc/index.ts";

/** The request as the engine has it. Fields that upstream keeps for old clients count when the new ones are empty. */
export function buildRequest(request: control.SolveRequest): BuildRequest {
  const { cache, exporterDeprecated: oldExporter } = request;
  const exporters =
    request.exporters.length > 0 || oldExporter === ""
      ? request.exporters
      : [{ type: oldExporter, attrs: request.exporterAttrsDeprecated }];
  const oldImports = (cache?.importRefsDeprecated ?? []).map((ref) => ({ type: "registry", attrs: { ref } }));
  const oldExport = cache?.exportRefDeprecated ?? "";
  const oldExports =
    oldExport === ""
      ? []
      : [{ type: "registry", attrs: { ...Object.fromEntries(cache?.exportAttrsDeprecated ?? []), ref: oldExport } }];
  return {
    ref: request.ref,
    frontend: request.frontend,
    frontendOptions: Object.fromEntries(request.frontendAttrs),
    ...(request.graph && { definition: request.graph.value }),
    ...(request.frontendInputs.size > 0 && { frontendInputs: request.frontendInputs }),
    exporters: exporters.map(plainEntry),
    cacheImports: [...oldImports, ...(cache?.imports ?? []).map(plainEntry)],
    cacheExports: [...oldExports, ...(cache?.exports ?? []).map(plainEntry)],
    entitlements: request.entitlements,
    noCache: false,
    ...(request.compatibilityVersion !== 0n && { compatibilityVersion: Number(request.compatibilityVersion) }),
    ...(request.proxyNetwork && { proxyNetwork: true }),
    ...(request.sourcePolicy.byteLength > 0 && { sourcePolicy: request.sourcePolicy }),
  };
}

function plainEntry({ type, attrs }: { readonly type: string; readonly attrs: ReadonlyMap<string, string> }) {
  return { type, attrs: Object.fromEntries(attrs) };
}
