import { checkCompatibility, type ExportSource } from "../export/index.ts";
import type { FrontendRequest } from "../frontend/index.ts";
import { CooperError, type Scope } from "../kit/index.ts";
import { parsePlatform } from "../oci/index.ts";
import type { Session } from "../session/index.ts";
import { attested } from "./attest.ts";
import { askedAttestations } from "./attestations.ts";
import { type JobBridge, openBridge } from "./bridge.ts";
import { BuildJob } from "./build-job.ts";
import { type Built, builtOf } from "./built.ts";
import { askedImports } from "./cache/asked-imports.ts";
import { exportCaches, openCacheExports, withInlineCache } from "./cache/export-caches.ts";
import { importCaches } from "./cache/import-caches.ts";
import { offeringStores } from "./cache/offered-stores.ts";
import type { BuildRequest, BuildResponse, ExporterRequest, OwnFrontend, SolveStatus } from "./contract.ts";
import { checkEntitlements } from "./entitlements.ts";
import { exportAttestations } from "./export-attestations.ts";
import { runExporters } from "./exporters.ts";
import { tellIsolation } from "./isolation.ts";
import type { EngineParts } from "./parts.ts";
import { remembered } from "./provenance/remembered.ts";
import { resultTree } from "./result-tree.ts";

/**
 * One build, whole. Whatever it began has ended when it settles. Errors that belong to a place in a source file say so
 * in their `details`.
 */
export async function runBuild(
  parts: EngineParts,
  request: BuildRequest,
  session: Session,
  onStatus: (status: SolveStatus) => void,
  scope: Scope,
  own?: OwnFrontend,
): Promise<BuildResponse> {
  checkEntitlements(request.entitlements, parts.allowedEntitlements);
  if (request.compatibilityVersion !== undefined) checkCompatibility(request.compatibilityVersion);
  await using job = new BuildJob(parts, request, offeringStores(session), onStatus, scope);
  try {
    const attestations = await askedAttestations(request);
    await tellIsolation(parts.isolation, job.status);
    const open = (exporter: ExporterRequest) => parts.exporter(exporter, request, job.member);
    const exporters = await Promise.all(request.exporters.map(open));
    const caches = await openCacheExports(request.cacheExports, job);
    await importCaches(askedImports(request), job, parts.registry);
    const built =
      own === undefined && request.frontend === "" ? await fromDefinition(job) : await fromFrontend(job, scope, own);
    const result = await evaluate(job, built);
    return await remembered(built, job, async () => {
      const source = await withInlineCache(await attested(result, built, attestations, job), caches, job);
      const asked = (await request.chooseExporters?.(built, scope)) ?? [];
      const all = [...exporters, ...(await Promise.all(asked.map(open)))];
      const exported = await runExporters(all, [...request.exporters, ...asked], source, job, scope);
      // One key of several exporters: the later one wins.
      const cached = await exportCaches(caches, source, job, scope);
      const exporterResponse = Object.assign({}, ...exported, cached, returnedMetadata(built.metadata));
      return { exporterResponse, exported, frontendMetadata: built.metadata };
    });
  } catch (error) {
    throw job.places.point(error);
  }
}

/** What a frontend wants its client to see. */
function returnedMetadata(metadata: Built["metadata"]): Record<string, string> {
  const returned = [...metadata].filter(([key]) => key.startsWith("frontend."));
  return Object.fromEntries(returned.map(([key, value]) => [key, Buffer.from(value).toString()]));
}

async function fromDefinition(job: BuildJob): Promise<Built> {
  const { definition, noCache } = job.request;
  if (definition === undefined) {
    throw new CooperError("engine/nothing-to-build", "invalid empty definition: no frontend and no definition given");
  }
  return {
    edges: new Map([["", await job.load(definition, { ignoreCache: noCache })]]),
    definitions: new Map([["", definition]]),
    metadata: new Map(),
    refs: [],
    attestations: new Map(),
  };
}

async function fromFrontend(job: BuildJob, scope: Scope, own: OwnFrontend | undefined): Promise<Built> {
  const { frontend: name, frontendOptions, noCache } = job.request;
  const options =
    noCache && !("no-cache" in frontendOptions) ? { ...frontendOptions, "no-cache": "" } : frontendOptions;
  const inputs = new Map(
    [...(job.request.frontendInputs ?? [])].map(([input, definition]) => [input, { definition }] as const),
  );
  const request: FrontendRequest = { options, inputs };
  const bridge: JobBridge = openBridge(job, { inputs, log: job.log });
  job.member.keepsFailures = own !== undefined;
  const result = own !== undefined ? await own(bridge, scope) : await bridge.forward(name, request, scope);
  return builtOf(result, bridge);
}

/** Runs everything that the result needs, and what is attested of it, all platforms at once. */
async function evaluate(job: BuildJob, { edges, metadata, attestations }: Built): Promise<ExportSource> {
  const [images, attested] = await Promise.all([
    Promise.all(
      [...edges].map(async ([platform, edge]) => ({
        ...(platform !== "" && { platform: parsePlatform(platform) }),
        tree: await resultTree(job, edge),
      })),
    ),
    exportAttestations(attestations, job),
  ]);
  const { compatibilityVersion } = job.request;
  return {
    images,
    metadata,
    attestations: attested,
    ...(compatibilityVersion !== undefined && { compatibilityVersion }),
  };
}
