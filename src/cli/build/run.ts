import { resolve } from "node:path";
import {
  type BuildRequest,
  type BuildResponse,
  build,
  checkDefinition,
  type EngineOptions,
  type OpenEngine,
  takeIsolation,
} from "../../client/index.ts";
import { CooperError, messageOf, type Scope, writeFileAtomic } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { asFrontendOptions, givenFlags, parseStepLimits } from "../args/step-limits.ts";
import { engineOptions } from "../daemon/options.ts";
import type { Io } from "../io.ts";
import { withSignals } from "../signals.ts";
import { answerOf } from "./call.ts";
import { type Display, openDisplay } from "./display.ts";
import { metadataText } from "./metadata-file.ts";
import { type BuildPlan, planBuild } from "./plan.ts";
import { traced } from "./traced.ts";

/** Runs `build` on an engine in this process (or, `remote`, in a daemon, with options of its own), and gives the exit code. What fails is thrown. */
export async function runBuild(values: FlagValues, io: Io, openEngine?: OpenEngine, remote = false): Promise<number> {
  const display = openDisplay(io);
  const early = heldWarnings(display.warn);
  try {
    const whole = planBuild(values, io.around, early.warn);
    const plan = remote ? withFrontendLimits(whole, values) : whole;
    const options = remote ? noOptions : await localOptions(values, io, early.warn, openEngine === undefined);
    early.release();
    const definition = await readDefinition(plan, io);
    display.start(plan);
    const log = values.bool("debug") ? display.log : () => {};
    const response = await withSignals(log, async (scope) => {
      const built = await execute(plan, definition, io, display, scope, options, openEngine, remote);
      display.close();
      // Results that are there have their metadata: a signal that comes too late for the build does not come between.
      await writeMetadata(plan, built, io.around.cwd);
      return built;
    });
    return answer(plan, response, io);
  } finally {
    early.release();
    display.close();
  }
}

/** A daemon hears of the limits through its frontend. */
function withFrontendLimits(plan: BuildPlan, values: FlagValues): BuildPlan {
  const { request } = plan;
  const limits = parseStepLimits(givenFlags(values));
  return { ...plan, request: { ...request, frontendOptions: asFrontendOptions(limits, request.frontendOptions) } };
}

/** Warnings of the time before this command may start again, which would say them once more. */
function heldWarnings(warn: (sentence: string) => void): { warn: (sentence: string) => void; release: () => void } {
  const held: string[] = [];
  return {
    warn: (sentence) => held.push(sentence),
    release: () => {
      for (const sentence of held.splice(0)) warn(sentence);
    },
  };
}

/** The options of an engine in this process. To isolate steps it may have to start again in a user namespace: then this does not return. */
async function localOptions(
  values: FlagValues,
  io: Io,
  warn: (sentence: string) => void,
  isolates: boolean,
): Promise<EngineOptions> {
  const options = await engineOptions(io.around.env, io.around.cwd, warn);
  const limits = parseStepLimits(givenFlags(values));
  const stepLimits = limits === undefined ? options.stepLimits : { ...options.stepLimits, ...limits };
  const limited = { ...options, ...(stepLimits && { stepLimits }) };
  if (!isolates) return limited;
  const asked = values.isSet("isolation") ? values.string("isolation") : (options.askedIsolation ?? "auto");
  return { ...limited, isolation: await takeIsolation(asked, io.around.env, options.ociWorkerBinary) };
}

async function execute(
  plan: BuildPlan,
  definition: Uint8Array | undefined,
  io: Io,
  display: Display,
  scope: Scope,
  options: EngineOptions,
  openEngine: OpenEngine | undefined,
  remote: boolean,
): Promise<BuildResponse> {
  const request: BuildRequest = definition === undefined ? plan.request : { ...plan.request, definition };
  const call = {
    request,
    session: { ...plan.session, registryTls: plan.registryTls, stdout: io.stdoutStream, warn: display.warn },
    engine: { ...options, registries: mergeRegistries(options.registries, plan.registryTls) },
  };
  const { env } = io.around;
  const { ref } = request;
  const { traceSocket } = options;
  const watched = { env, remote, ref, traceSocket, onStatus: display.update, warn: display.warn };
  try {
    return await traced(watched, (onStatus, traceparent, steps) => {
      const { traceOf, traceSocket: socket } = steps ?? {};
      const traceable = { ...request, ...(traceparent && { traceparent }), ...(traceOf && { traceOf }) };
      const engine = { ...call.engine, ...(socket && { traceSocket: socket }) };
      return build({ ...call, engine, request: traceable, onStatus }, scope, openEngine);
    });
  } finally {
    await writeRef(plan, io.around.cwd);
  }
}

/** What a daemon's engine is told by its client. */
const noOptions: EngineOptions = {
  root: "",
  debug: false,
  snapshotter: "",
  ociWorkerBinary: "",
  registries: {},
  insecureEntitlements: [],
  networkMode: "",
  maxParallelism: 0,
};

/** Without a frontend, LLB comes through standard input. */
async function readDefinition(plan: BuildPlan, io: Io): Promise<Uint8Array | undefined> {
  if (plan.request.frontend !== "") return undefined;
  const definition = await io.readStdin();
  if (definition === undefined) {
    const sentence = "please specify --frontend or pipe LLB definition to stdin";
    throw new CooperError("cli/no-frontend", sentence, { hint: "to build a Dockerfile, add --frontend dockerfile.v0" });
  }
  checkDefinition(definition);
  return definition;
}

function mergeRegistries(
  configured: BuildPlan["registryTls"],
  given: BuildPlan["registryTls"],
): BuildPlan["registryTls"] {
  const merged = Object.entries(given).map(([host, tls]) => {
    const old = configured[host] ?? {};
    const ca = [...(old.ca ?? []), ...(tls.ca ?? [])];
    return [host, { ...old, ...tls, ca, keyPairs: [...(old.keyPairs ?? []), ...(tls.keyPairs ?? [])] }] as const;
  });
  return { ...configured, ...Object.fromEntries(merged) };
}

/** The build's name, for tools that ask a daemon about it; as upstream, not worth an error. */
async function writeRef(plan: BuildPlan, cwd: string): Promise<void> {
  if (plan.refFile !== "") await writeFileAtomic(resolve(cwd, plan.refFile), plan.request.ref).catch(() => {});
}

/** Nothing exported, nothing written: as upstream. */
async function writeMetadata(plan: BuildPlan, response: BuildResponse, cwd: string): Promise<void> {
  if (plan.metadataFile === "" || Object.keys(response.exporterResponse).length === 0) return;
  const text = metadataText(response.exporterResponse);
  const path = resolve(cwd, plan.metadataFile);
  try {
    await writeFileAtomic(path, text);
  } catch (cause) {
    throw new CooperError("cli/metadata-file", `cannot write metadata file ${plan.metadataFile}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function answer(plan: BuildPlan, response: BuildResponse, io: Io): number {
  if (plan.call === undefined) return 0;
  const { text, exitCode } = answerOf(response.frontendMetadata ?? new Map(), plan.call);
  io.stdout(text);
  return exitCode;
}
