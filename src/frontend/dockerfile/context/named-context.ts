import { CooperError, goQuote, parseDigest } from "../../../kit/index.ts";
import {
  http,
  image,
  local,
  ociLayout,
  type ResolveMode,
  State,
  scratch,
  stateFromDefinition,
} from "../../../llb/index.ts";
import {
  canonicalReference,
  familiarReference,
  formatPlatformAll,
  formatReference,
  hostPlatform,
  type ImageConfig,
  normalizePlatform,
  type Platform,
  parseImageConfig,
  parseReference,
  withDigest,
} from "../../../oci/index.ts";
import type { DefinitionBytes } from "../../contract.ts";
import { reworded } from "../parse/index.ts";
import { loadIgnoreFile } from "./ignore.ts";
import { gitContextState } from "./main-context.ts";
import type { Solver } from "./solver.ts";

/** `context:NAME=…`: a tree that stands for a stage, an image or a COPY source of that name. */
export interface NamedContext {
  load(): Promise<LoadedContext>;
}

export interface LoadedContext {
  readonly state: State;
  readonly image: ImageConfig | undefined;
}

export interface NamedContextOptions {
  readonly platform: Platform | undefined;
  readonly resolveMode: ResolveMode;
  /** Asked when the definition is marshalled: the paths that are wanted of a caller's directory, undefined for all. */
  readonly paths: () => readonly string[] | undefined;
}

/** What the loader needs to know of the build. */
export interface NamedContextWorld {
  readonly options: Readonly<Record<string, string>>;
  readonly inputs: ReadonlyMap<string, DefinitionBytes>;
  readonly platform: Platform;
  readonly solver: Solver;
  sessionIdOf(localName: string): string;
}

interface Request extends NamedContextOptions {
  readonly world: NamedContextWorld;
  /** As written in the option: `docker-image://…`. */
  readonly input: string;
  readonly name: string;
  /** The option's name: `NAME::PLATFORM`, or just `NAME`. */
  readonly key: string;
}

/** The context of that name, for the platform if there is a special one. Throws `invalid context name …`. */
export function findNamedContext(
  world: NamedContextWorld,
  text: string,
  options: NamedContextOptions,
): NamedContext | undefined {
  const name = familiarName(text);
  const platform = formatPlatformAll(normalizePlatform(options.platform ?? hostPlatform()));
  for (const key of [`${name}::${platform}`, name]) {
    const input = world.options[`context:${key}`];
    if (input !== undefined) return { load: () => load({ ...options, world, input, name, key }) };
  }
  return undefined;
}

function familiarName(text: string): string {
  try {
    return familiarReference(parseReference(text)).replace(/:latest$/, "");
  } catch (error) {
    throw reworded(error, (message) => `invalid context name ${text}: ${message}`);
  }
}

async function load(request: Request): Promise<LoadedContext> {
  const { input, key } = request;
  const at = input.indexOf(":");
  if (at < 0) throw bad(`invalid context specifier ${input} for ${key}`);
  const scheme = input.startsWith("git@") ? "git" : input.slice(0, at);
  const rest = input.slice(at + 1);
  switch (scheme) {
    case "docker-image":
      return loadImage(request, rest.replace(/^\/\//, ""));
    case "git":
      return { state: gitOf(input) ?? fail(`invalid git context ${input}`), image: undefined };
    case "http":
    case "https":
      return { state: gitOf(input) ?? httpOf(request), image: undefined };
    case "oci-layout":
      return loadLayout(request, rest.replace(/^\/\//, ""));
    case "local":
      return loadLocal(request, rest);
    case "input":
      return loadInput(request, rest);
    default:
      throw bad(`unsupported context source ${scheme} for ${key}`);
  }
}

function gitOf(input: string): State | undefined {
  return gitContextState(input);
}

function httpOf({ input, key }: Request): State {
  return http(input, { filename: "context", customName: `[context ${key}] ${input}` });
}

async function loadImage(request: Request, text: string): Promise<LoadedContext> {
  if (text === "scratch") return { state: scratch(), image: undefined };
  const { platform, resolveMode, key, world } = request;
  const resolved = await world.solver.resolveImage(canonicalReference(text), {
    ...(platform && { platform }),
    mode: resolveMode,
    logName: `[context ${key}] load metadata for ${text}`,
  });
  const config = withoutCreated(parseImageConfig(resolved.config));
  const ref = canonicalReference(resolved.ref);
  return {
    state: applyConfig(image(ref, { platform, customName: `[context ${key}] ${text}` }), config),
    image: config,
  };
}

async function loadLayout(request: Request, text: string): Promise<LoadedContext> {
  const { platform, resolveMode, key, name, world } = request;
  const { store, digest } = splitLayoutReference(text);
  const ref = formatReference(withDigest(parseReference(name), parseDigest(digest)));
  const { sessionId } = world.solver.bridge;
  const resolved = await world.solver.resolveImage(ref, {
    ...(platform && { platform }),
    mode: resolveMode,
    logName: `[context ${key}] load metadata for ${ref}`,
    ociLayout: { sessionId, storeId: store },
  });
  const config = parseImageConfig(resolved.config);
  const customName = `[context ${key}] OCI load from client`;
  const state = ociLayout(ref, { platform, customName, sessionId, storeId: store });
  return { state: applyConfig(state, config), image: config };
}

/** `store[:tag]@digest`; the name is not normalised, it is the caller's own. */
function splitLayoutReference(text: string): { store: string; digest: string } {
  const [name = "", digest] = text.split("@", 2);
  if (name === "") throw bad(`could not parse oci-layout reference ${goQuote(text)}: invalid reference format`);
  if (digest === undefined) throw bad(`oci-layout reference ${goQuote(text)} has no digest`);
  return { store: name.replace(/:[^/:]*$/, ""), digest };
}

async function loadLocal(request: Request, name: string): Promise<LoadedContext> {
  const { key, world } = request;
  const sessionId = world.sessionIdOf(name);
  const excludes = await loadIgnoreFile(name, { sessionId, platform: world.platform }, world.solver, {
    customName: `[context ${key}] load .dockerignore`,
    sharedKeyHint: `context:${key}-.dockerignore`,
    evaluate: true,
  });
  let made: State | undefined;
  const resolve = () => {
    made ??= local(name, {
      sessionId,
      customName: `[context ${key}] load from client`,
      sharedKeyHint: `context:${key}-${world.options[`sharedkey:localdir:${key}`] ?? ""}`,
      excludePatterns: excludes,
      followPaths: request.paths() ?? [],
    });
    return made.output;
  };
  return { state: new State({ kind: "deferred", resolve }), image: undefined };
}

function loadInput(request: Request, name: string): LoadedContext {
  const { key, world } = request;
  const input = world.inputs.get(name);
  if (input === undefined) throw bad(`invalid input ${name} for ${key}`);
  const state = stateFromDefinition(input.definition);
  const metadata = world.options[`input-metadata:${name}`];
  const config = metadata === undefined ? undefined : configOfMetadata(metadata, key);
  return config === undefined ? { state, image: undefined } : { state: applyConfig(state, config), image: config };
}

/** Input metadata is a JSON object of base64 values. */
function configOfMetadata(text: string, key: string): ImageConfig | undefined {
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw reworded(error, (message) => `failed to parse input metadata ${text}: ${message}`);
  }
  const config = values["containerimage.config"];
  if (typeof config !== "string") return undefined;
  try {
    return parseImageConfig(Buffer.from(config, "base64"));
  } catch (error) {
    throw reworded(error, (message) => `failed to parse image config for ${key}: ${message}`);
  }
}

/** The state with environment, directory and platform of an image config. */
function applyConfig(state: State, { config, platform }: ImageConfig): State {
  let result = state;
  for (const line of config.env ?? []) {
    const at = line.indexOf("=");
    const name = at < 0 ? line : line.slice(0, at);
    if (name !== "") result = result.addEnv(name, at < 0 ? "" : line.slice(at + 1));
  }
  result = result.withDir(config.workingDir ?? "");
  return platform.architecture !== "" && platform.os !== "" ? result.withPlatform(platform) : result;
}

export function withoutCreated({ created: _, ...config }: ImageConfig): ImageConfig {
  return config;
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-context", message);
}

function fail(message: string): never {
  throw bad(message);
}
