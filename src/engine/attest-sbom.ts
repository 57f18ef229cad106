import { type ExportSource, readResults } from "../export/index.ts";
import { makeScanner, type SbomRequest, sbomAttestation } from "../frontend/index.ts";
import { buildDefinition, stateFromDefinition } from "../llb/index.ts";
import { formatReference, hostPlatform, parseReference, predicateTypes } from "../oci/index.ts";
import type { Attestations } from "./attest.ts";
import { openBridge } from "./bridge.ts";
import type { BuildJob } from "./build-job.ts";
import { type Built, type BuiltAttestation, partOf } from "./built.ts";
import { exportAttestations } from "./export-attestations.ts";

/**
 * Has the scanner look at each platform's result, unless the frontend did that itself. Throws `dockerfile/bad-scanner`, and what
 * resolving and running the scanner throws.
 */
export async function attestSbom(
  request: SbomRequest,
  source: ExportSource,
  { definitions }: Built,
  job: BuildJob,
): Promise<Attestations> {
  const before = [...(source.attestations?.values() ?? [])].flat();
  if (before.some(({ predicateType }) => predicateType === predicateTypes.spdx)) return new Map();
  const scan = await openScanner(request, job);
  const made = readResults(source).platforms.map(async ({ id }) => {
    const definition = partOf(definitions, id);
    return definition === undefined ? [] : [[id, [await scan(id, definition)]] as const];
  });
  return exportAttestations(new Map((await Promise.all(made)).flat()), job);
}

async function openScanner(
  request: SbomRequest,
  job: BuildJob,
): Promise<(id: string, definition: Uint8Array) => Promise<BuiltAttestation>> {
  const { frontendOptions: options } = job.request;
  const platform = hostPlatform();
  const bridge = openBridge(job);
  const mode = resolveMode(options["image-resolve-mode"]);
  const scope = job.scope(() => {});
  const found = await bridge.resolveImageConfig(request.generator, { platform, mode, logName: "" }, scope);
  const scanner = makeScanner(request, { ...found, ref: asAsked(request.generator, found.ref) }, platform);
  const ignoreCache = options["no-cache"] === "";
  return async (id, definition) => {
    const target = { core: stateFromDefinition(definition), extras: new Map(), ignoreCache };
    const { bytes } = buildDefinition(scanner(id, target), { platform });
    const { ref, ...attestation } = sbomAttestation(
      await bridge.solve({ definition: bytes }, { evaluate: false }, scope),
    );
    return { ...attestation, edge: bridge.edgeOf(ref) };
  };
}

function resolveMode(text = "default"): "default" | "pull" | "local" {
  return text === "pull" || text === "local" ? text : "default";
}

/** Upstream's ops name a scanner as it was asked for. */
function asAsked(asked: string, found: string): string {
  if (parseReference(asked).digest !== undefined) return found;
  const { digest: _, ...tagged } = parseReference(found);
  return formatReference(tagged);
}
