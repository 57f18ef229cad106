import { CooperError, goQuote, type PatternMatcher } from "../../../kit/index.ts";
import { type EnvList, type NodeSource, type Output, State } from "../../../llb/index.ts";
import { type ImageConfig, normalizePlatform, type Platform, parseReference } from "../../../oci/index.ts";
import type { SourceFile } from "../../contract.ts";
import type { NamedContext, NamedContextOptions } from "../context/named-context.ts";
import type { Solver } from "../context/solver.ts";
import { checkDefaultBases, checkEmptyContinuations, checkStages, type Linter } from "../lint/index.ts";
import type { BuildOptions } from "../options/options.ts";
import { type ParsedInstructions, parseDockerfile, parseInstructions } from "../parse/index.ts";
import { withSuggestion } from "../parse/messages.ts";
import { type Conversion, expand } from "./context.ts";
import { linkStages } from "./dependencies.ts";
import { resolveEpoch } from "./epoch.ts";
import { defaultArgs, proxyEnvOf, readGlobalArgs } from "./global-args.ts";
import { withConfig } from "./image.ts";
import { openStages } from "./open-stages.ts";
import { resolveStages } from "./resolve-stages.ts";
import { runStages } from "./run-stages.ts";
import { type ArgInfo, type StageState, wantedPaths } from "./stage.ts";
import { Stages } from "./stages.ts";

/** What a conversion works on and with. */
export interface ConvertRequest {
  readonly options: BuildOptions;
  readonly solver: Solver;
  readonly linter: Linter;
  readonly file: SourceFile;
  readonly source: NodeSource;
  /** Undefined: nobody asked for one. */
  readonly targetPlatform: Platform | undefined;
  /** For checks and outlines without a target: convert every stage. */
  readonly allStages?: boolean;
  readonly ignoreMatcher: () => Promise<PatternMatcher | undefined>;
  /** The build context, restricted to these paths (undefined: all of it). */
  readonly mainContext: (paths: readonly string[] | undefined) => Promise<State>;
  readonly namedContext: (name: string, options: NamedContextOptions) => NamedContext | undefined;
}

export interface Converted {
  readonly state: State;
  readonly image: ImageConfig;
  readonly baseImage: ImageConfig | undefined;
  /** SOURCE_DATE_EPOCH in seconds. */
  readonly epoch: number | undefined;
  /** The platform to marshal for. */
  readonly platform: Platform;
  readonly target: StageState;
  readonly conversion: Conversion;
}

/** Turns a Dockerfile into the state and image config of its target stage. Throws `dockerfile/…` errors with places. */
export async function convertDockerfile(request: ConvertRequest): Promise<Converted> {
  const parsed = parse(request);
  const args = await readArgs(request, parsed);
  const late: { output: Output | undefined } = { output: undefined };
  const conversion = prepare(request, parsed, args, late);
  openStages(parsed.stages, args.infos, conversion);
  const target = findTarget(conversion);
  linkStages(conversion);
  const reachable = await resolveStages(target, conversion);
  const ignoreMatcher = await request.ignoreMatcher();
  const paths = runStages(reachable, target, { ...conversion, ignoreMatcher });
  return finish(request, conversion, target, async () => {
    late.output = (await request.mainContext(wantedPaths(paths))).output;
  });
}

interface Parsed extends ParsedInstructions {
  readonly escapeToken: "\\" | "`";
}

function parse({ file, linter }: ConvertRequest): Parsed {
  if (file.data.byteLength === 0) throw new CooperError("dockerfile/empty", "the Dockerfile cannot be empty");
  const parsed = parseDockerfile(file);
  checkEmptyContinuations(parsed, linter);
  const instructions = parseInstructions(parsed, linter);
  if (instructions.stages.length === 0) {
    throw new CooperError("dockerfile/no-stages", "dockerfile contains no stages to build");
  }
  checkStages(instructions.stages, linter);
  return { ...instructions, escapeToken: parsed.escapeToken };
}

interface Args {
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly globalArgs: EnvList;
  readonly infos: ReadonlyMap<string, ArgInfo>;
  readonly epoch: number | undefined;
}

async function readArgs(request: ConvertRequest, parsed: Parsed): Promise<Args> {
  const { options, file, linter } = request;
  const { escapeToken, metaArgs, stages } = parsed;
  const { buildArgs } = options;
  const target = options.target || (stages.at(-1)?.stageName ?? "");
  const predefined = defaultArgs(buildPlatform(options), targetPlatform(request), buildArgs, target);
  const dockerfile = { escapeToken, file };
  checkDefaults(parsed, predefined, dockerfile, linter);
  const { env, infos } = readGlobalArgs(predefined, metaArgs, buildArgs, dockerfile);
  return { ...(await readEpoch(request, parsed, env)), infos };
}

/** Base names must also be valid when no build argument is given. */
function checkDefaults(
  { stages, metaArgs }: Parsed,
  predefined: EnvList,
  dockerfile: { readonly escapeToken: "\\" | "`"; readonly file: SourceFile },
  linter: Linter,
): void {
  let defaults: EnvList | undefined;
  const expandDefault = (name: string) => {
    defaults ??= readGlobalArgs(predefined, metaArgs, new Map(), dockerfile).env;
    return expand(dockerfile, name, defaults).result;
  };
  checkDefaultBases(stages, expandDefault, isReference, linter);
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

const epochName = "SOURCE_DATE_EPOCH";

/** The date, and the arguments with it in seconds (or without it, when there is none). */
async function readEpoch(request: ConvertRequest, parsed: Parsed, env: EnvList): Promise<Omit<Args, "infos">> {
  const { buildArgs } = request.options;
  const text = buildArgs.get(epochName) ?? (env.get(epochName) || undefined);
  if (text === undefined) return { buildArgs, globalArgs: env, epoch: undefined };
  const epoch = await resolveEpoch(text, {
    ...parsed,
    solver: request.solver,
    platform: targetPlatform(request),
    file: request.file,
    buildArgs,
    globalArgs: env,
    mainContext: () => request.mainContext(undefined),
    namedContext: (name) =>
      request.namedContext(name, { platform: undefined, resolveMode: "default", paths: () => undefined }),
  });
  const changed = new Map(buildArgs);
  if (epoch === undefined) changed.delete(epochName);
  else if (changed.has(epochName)) changed.set(epochName, String(epoch));
  if (env.get(epochName) === undefined) return { buildArgs: changed, globalArgs: env, epoch };
  const globalArgs = epoch === undefined ? env.delete(epochName) : env.set(epochName, String(epoch));
  return { buildArgs: changed, globalArgs, epoch };
}

function prepare(
  request: ConvertRequest,
  parsed: Parsed,
  args: Args,
  late: { output: Output | undefined },
): Conversion {
  const { options, solver, linter, file, source } = request;
  return {
    ...{ options, solver, linter, file, source },
    ignoreMatcher: undefined,
    escapeToken: parsed.escapeToken,
    targetPlatform: targetPlatform(request),
    implicitPlatform: request.targetPlatform === undefined,
    stages: new Stages(),
    buildArgs: args.buildArgs,
    globalArgs: args.globalArgs,
    epoch: args.epoch,
    proxyEnv: proxyEnvOf(args.buildArgs),
    allStages: request.allStages === true,
    buildContext: new State({ kind: "deferred", resolve: () => late.output }),
    namedContext: (name, given) => {
      if (/^(?:scratch|context)$/i.test(name)) return undefined;
      return request.namedContext(name, { ...given, platform: given.platform ?? request.targetPlatform });
    },
  };
}

function findTarget({ options, stages }: Conversion): StageState {
  const { target: name } = options;
  const target = name === "" ? stages.all.at(-1) : stages.byName(name);
  if (target !== undefined) return target;
  const sentence = `target stage ${goQuote(name)} could not be found`;
  throw new CooperError("dockerfile/unknown-target", withSuggestion(sentence, name, stages.names(), true));
}

async function finish(
  request: ConvertRequest,
  conversion: Conversion,
  target: StageState,
  loadContext: () => Promise<void>,
): Promise<Converted> {
  const { labels } = conversion.options;
  const image = withConfig(target.image, { labels: { ...target.image.config.labels, ...labels } });
  const violation = conversion.linter.error();
  if (violation !== undefined) throw violation;
  await loadContext();
  return {
    state: target.state,
    image: { ...image, platform: normalizePlatform(finalPlatform(conversion, image.platform)) },
    baseImage: target.baseImage,
    epoch: conversion.epoch,
    platform: targetPlatform(request),
    target,
    conversion,
  };
}

/** A platform that was asked for is what the image claims to be, whatever its base says. */
function finalPlatform({ implicitPlatform, targetPlatform: wanted }: Conversion, found: Platform): Platform {
  if (implicitPlatform) return found;
  const same = wanted.os === found.os && wanted.architecture === found.architecture;
  const variant = wanted.variant || (same ? found.variant : undefined);
  const osVersion = wanted.osVersion || (same ? found.osVersion : undefined);
  const osFeatures = wanted.osFeatures ?? found.osFeatures;
  return {
    os: wanted.os,
    architecture: wanted.architecture,
    ...(variant && { variant }),
    ...(osVersion && { osVersion }),
    ...(osFeatures && { osFeatures }),
  };
}

function buildPlatform({ buildPlatforms }: BuildOptions): Platform {
  const [platform] = buildPlatforms;
  if (platform === undefined) throw new TypeError("a worker has at least one platform");
  return platform;
}

function targetPlatform(request: ConvertRequest): Platform {
  return request.targetPlatform ?? buildPlatform(request.options);
}
