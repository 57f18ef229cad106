import type { Digest } from "../kit/index.ts";
import { compareBytes, formatPlatform, goJson, normalizePlatform } from "../oci/index.ts";
import { decode, pb } from "../wire/index.ts";
import { type BuildSteps, buildSteps, digestMapping } from "./build-steps.ts";
import type { Invocation, LayerBlob, PredicateOptions, ProvenanceRecord, StepLayers } from "./contract.ts";
import { checkComplete } from "./incomplete.ts";
import { materials } from "./materials.ts";
import { type ConfigSource, type Parameters, scrubbed, takeVcs, toldOffers, toldRequest, toldRoot } from "./request.ts";
import { sourceJson } from "./source-json.ts";

/** What an attestation of that version calls its predicate. */
export function predicateType(version: PredicateOptions["version"]): string {
  return `https://slsa.dev/provenance/${version}`;
}

/**
 * How a result came about: SLSA's provenance, indented JSON in upstream's order of fields
 * (https://slsa.dev/spec/v1.1/provenance and /v0.2). `layers` only count with `mode=max`. Throws `provenance/incomplete` when complete
 * materials are wanted, `provenance/bad-definition`.
 */
export function provenancePredicate(
  record: ProvenanceRecord,
  options: PredicateOptions,
  invocation: Invocation,
  layers: StepLayers,
): Uint8Array {
  const facts = gather(record, options, invocation, layers);
  const json = options.version === "v1" ? slsa1(facts, options, invocation) : slsa02(facts, options, invocation);
  return Buffer.from(goJson(json, 2));
}

/** What both versions tell. */
interface Facts {
  readonly materials: ReturnType<typeof materials> | undefined;
  readonly configSource: ConfigSource;
  readonly request: Parameters;
  readonly requestComplete: boolean;
  readonly materialsComplete: boolean;
  readonly hermetic: boolean;
  readonly buildConfig: object | undefined;
  /** What only BuildKit has. */
  readonly metadata: object;
  readonly dockerfileVersion: string | undefined;
}

function gather(
  record: ProvenanceRecord,
  { mode, completeMaterials }: PredicateOptions,
  { compatibilityVersion, dockerfileVersion }: Invocation,
  layers: StepLayers,
): Facts {
  const { capture } = record;
  if (completeMaterials) checkComplete(capture);
  const { configSource, request, vcs } = requestOf(record);
  const used = materials(capture.sources);
  const scrub = mode === "min" ? scrubbed(request) : { request, complete: true };
  const steps = mode === "max" ? definitionOf(record) : undefined;
  const materialsComplete = !capture.incomplete && capture.sources.locals.length === 0;
  const frontend = record.request?.frontend ?? "";
  return {
    materials: used.length === 0 ? undefined : used,
    configSource,
    request: { ...scrub.request, ...(compatibilityVersion !== 0 && { compatibilityVersion }) },
    requestComplete: frontend !== "" && scrub.complete,
    materialsComplete,
    hermetic: materialsComplete && !capture.network,
    buildConfig: steps && { llbDefinition: steps.plan.steps, digestMapping: digestMapping(steps.plan) },
    metadata: {
      ...(vcs && { vcs }),
      ...(steps && { source: sourceJson(steps.source, steps.plan), layers: layersJson(layers, steps.plan) }),
      ...(capture.proxy && { network: networkJson(capture.proxy) }),
    },
    dockerfileVersion: frontend === "dockerfile.v0" ? dockerfileVersion : undefined,
  };
}

function networkJson({ gaps }: NonNullable<ProvenanceRecord["capture"]["proxy"]>): object {
  const incomplete = gaps.map(({ op, name, method, uri, reason }) => ({ op, name, method, uri, reason }));
  return { mode: "proxy", ...(incomplete.length > 0 && { proxy: { incomplete } }) };
}

function requestOf({ capture, request, root }: ProvenanceRecord) {
  const { sources, secrets, ssh } = capture;
  const made = request && toldRequest(request, sources);
  const toldRootRequest = made && root && toldRoot(root, made, sources);
  const { told, vcs } = takeVcs(made ?? { configSource: {}, request: {} });
  const { frontend, args, inputs } = told.request;
  const [secretList, sshList] = [toldOffers(secrets), toldOffers(ssh)];
  const locals = sources.locals.map((name) => ({ name }));
  const whole: Parameters = {
    ...(frontend !== undefined && { frontend }),
    ...(args && { args }),
    ...(secretList && { secrets: secretList }),
    ...(sshList && { ssh: sshList }),
    ...(locals.length > 0 && { locals }),
    ...(inputs && { inputs }),
    ...(toldRootRequest && { root: toldRootRequest }),
  };
  return { configSource: told.configSource, request: whole, vcs };
}

function definitionOf({ definition }: ProvenanceRecord): { plan: BuildSteps; source: pb.Source | undefined } {
  const decoded = definition && decode(pb.Definition, definition);
  return { plan: buildSteps(decoded) ?? { steps: [], numbers: new Map() }, source: decoded?.source };
}

/** `step1:0` to its chains; undefined for none. */
function layersJson(layers: StepLayers, { numbers }: BuildSteps): ReadonlyMap<string, unknown> | undefined {
  const known = [...layers].flatMap(([output, chains]) => {
    const at = output.lastIndexOf(":");
    const number = numbers.get(output.slice(0, at));
    return number === undefined ? [] : [[`step${number}${output.slice(at)}`, chains.map(chainJson)] as const];
  });
  known.sort(([a], [b]) => compareBytes(a, b));
  return known.length === 0 ? undefined : new Map(known);
}

function chainJson(chain: readonly LayerBlob[]): readonly object[] {
  return chain.map(({ mediaType, digest, size, annotations }) => ({
    mediaType,
    digest,
    size,
    ...(annotations && Object.keys(annotations).length > 0 && { annotations: sortedDeep(annotations) }),
  }));
}

function slsa1(facts: Facts, options: PredicateOptions, invocation: Invocation): object {
  return {
    buildDefinition: {
      buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
      resolvedDependencies: facts.materials,
      externalParameters: { configSource: facts.configSource, request: facts.request },
      internalParameters: sortedDeep({
        buildConfig: facts.buildConfig,
        builderPlatform: platformOf(invocation),
        dockerfileVersion: facts.dockerfileVersion,
        ...invocation.environment,
      }),
    },
    runDetails: {
      builder: { id: options.builderId },
      metadata: {
        invocationId: invocation.id,
        startedOn: goTime(invocation.started),
        finishedOn: goTime(invocation.finished),
        buildkit_metadata: facts.metadata,
        buildkit_hermetic: facts.hermetic || undefined,
        buildkit_completeness: { request: facts.requestComplete, resolvedDependencies: facts.materialsComplete },
        buildkit_reproducible: options.reproducible || undefined,
      },
    },
  };
}

function slsa02(facts: Facts, options: PredicateOptions, invocation: Invocation): object {
  const { path, ...where } = facts.configSource;
  const own = "https://mobyproject.org/buildkit@v1";
  return {
    builder: { id: options.builderId },
    buildType: own,
    materials: facts.materials,
    invocation: {
      configSource: { ...where, entryPoint: path },
      parameters: facts.request,
      environment: sortedDeep({
        dockerfileVersion: facts.dockerfileVersion,
        platform: platformOf(invocation),
        ...invocation.environment,
      }),
    },
    buildConfig: facts.buildConfig,
    metadata: {
      buildInvocationID: invocation.id,
      buildStartedOn: goTime(invocation.started),
      buildFinishedOn: goTime(invocation.finished),
      completeness: { parameters: facts.requestComplete, environment: true, materials: facts.materialsComplete },
      reproducible: options.reproducible,
      [`${own}#metadata`]: facts.metadata,
      [`${own}#hermetic`]: facts.hermetic || undefined,
    },
  };
}

const platformOf = ({ builderPlatform }: Invocation) => formatPlatform(normalizePlatform(builderPlatform));

/** As Go writes times (RFC 3339), with microseconds. */
function goTime(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  const fraction = `${micros % 1_000_000}`.padStart(6, "0").replace(/0+$/, "");
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, -5);
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** With the keys of all objects in order, as Go writes maps. */
function sortedDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedDeep);
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return new Map(entries.sort(([a], [b]) => compareBytes(a, b)).map(([key, part]) => [key, sortedDeep(part)] as const));
}

/** The name of a step's output in `StepLayers`. */
export function outputName(step: Digest, output: number): string {
  return `${step}:${output}`;
}
