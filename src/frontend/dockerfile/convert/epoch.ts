import { CooperError, goQuote } from "../../../kit/index.ts";
import { type EnvList, http, type State, unmarshalDefinition } from "../../../llb/index.ts";
import type { Platform } from "../../../oci/index.ts";
import type { SourceFile } from "../../contract.ts";
import { latestTimeInArchive } from "../context/archive-probe.ts";
import type { NamedContext } from "../context/named-context.ts";
import type { Solver } from "../context/solver.ts";
import { type AddInstruction, locate, reworded, type Stage } from "../parse/index.ts";
import { expand } from "./context.ts";
import { checkedDigest, downloadName } from "./copy-sources.ts";
import { gitState, isHttpSource, parseGitRef } from "./git-ref.ts";

/** What finding a date needs of the build. */
export interface EpochWorld {
  readonly solver: Solver;
  readonly platform: Platform;
  readonly file: SourceFile;
  readonly escapeToken: "\\" | "`";
  readonly stages: readonly Stage[];
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly globalArgs: EnvList;
  mainContext(): Promise<State>;
  namedContext(name: string): NamedContext | undefined;
}

/**
 * SOURCE_DATE_EPOCH in seconds: a number, `context`, the name of a context, or of a stage that holds one remote ADD;
 * the latter three take the date of the commit or download. Undefined: no date.
 */
export async function resolveEpoch(text: string, world: EpochWorld): Promise<number | undefined> {
  if (text === "") return undefined;
  if (/^[+-]?\d{1,18}$/.test(text)) return checkedYear(Number(text));
  return dateOf(await sourceOf(text, world), world);
}

async function sourceOf(text: string, world: EpochWorld): Promise<{ state: State; logName: string }> {
  if (text === "context") {
    return { state: await world.mainContext(), logName: "[internal] resolve main build context metadata" };
  }
  const context = world.namedContext(text);
  if (context !== undefined) {
    const { state } = await context.load();
    return { state, logName: `[internal] resolve SOURCE_DATE_EPOCH named context ${text}` };
  }
  const stage = world.stages.find(
    ({ stageName }) => stageName !== "" && stageName.toLowerCase() === text.toLowerCase(),
  );
  if (stage === undefined) throw bad(`invalid SOURCE_DATE_EPOCH: ${text}`);
  try {
    const state = stageSource(stage, world);
    return { state, logName: `[internal] resolve SOURCE_DATE_EPOCH source stage ${stage.stageName}` };
  } catch (error) {
    throw locate(error, world.file, stage.location);
  }
}

function stageSource(stage: Stage, world: EpochWorld): State {
  let env = world.globalArgs.delete("SOURCE_DATE_EPOCH");
  if (baseNameOf(stage, world, env) !== "scratch") throw bad("SOURCE_DATE_EPOCH stage must use FROM scratch");
  let state: State | undefined;
  for (const instruction of stage.instructions) {
    if (instruction.kind === "arg") {
      for (const { key, value } of instruction.args) {
        const found = world.buildArgs.get(key) ?? (value === undefined ? undefined : expand(world, value, env).result);
        if (found !== undefined) env = env.set(key, found);
      }
    } else if (instruction.kind === "add") {
      if (state !== undefined) throw bad("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
      state = addSource(instruction, world, env);
    } else {
      const what = `unsupported ${instruction.name} instruction`;
      throw bad(`SOURCE_DATE_EPOCH stage does not meet source-only requirements: ${what}`);
    }
  }
  if (state === undefined) throw bad("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
  return state;
}

function baseNameOf(stage: Stage, world: EpochWorld, env: EnvList): string {
  try {
    return expand(world, stage.baseName, env).result;
  } catch (error) {
    const name = goQuote(stage.baseName);
    throw reworded(error, (message) => `failed to process source stage base name ${name}: ${message}`);
  }
}

function addSource(instruction: AddInstruction, world: EpochWorld, env: EnvList): State {
  const [path, ...more] = instruction.sourcePaths;
  if (path === undefined || more.length > 0 || instruction.sourceContents.length > 0) {
    throw bad("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source");
  }
  const url = expand(world, path, env).result;
  const checksum = instruction.checksum === "" ? "" : expand(world, instruction.checksum, env).result;
  if (isHttpSource(url)) {
    return http(url, { filename: downloadName(url), checksum: checksum === "" ? undefined : checkedDigest(checksum) });
  }
  const ref = parseGitRef(url);
  if (ref === undefined || ref.looksLocal) {
    throw bad("SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD");
  }
  const keepGitDir = instruction.keepGitDir === true || ref.keepGitDir === true;
  return gitState({ ...ref, fetchByCommit: false }, { keepGitDir, checksum: checksum || ref.checksum });
}

/** The date of the one source that the state is. Undefined when it is something else, or nobody can tell. */
async function dateOf(from: { state: State; logName: string }, world: EpochWorld): Promise<number | undefined> {
  const { solver, platform } = world;
  const sources = unmarshalDefinition(solver.marshal(from.state, platform).bytes).vertices.flatMap(({ op }) =>
    op.body.kind === "source" ? [op.body] : [],
  );
  const [source, ...more] = sources;
  const { bridge, scope } = solver;
  if (source === undefined || more.length > 0 || bridge.resolveSourceMeta === undefined) return undefined;
  if (!/^(?:git|https?):\/\//.test(source.identifier)) return undefined;
  const gitObject = source.identifier.startsWith("git://");
  const options = { logName: from.logName, ...(gitObject && { gitObject }) };
  const meta = await bridge.resolveSourceMeta(source.identifier, Object.fromEntries(source.attrs), options, scope);
  if (meta.git?.commitObject !== undefined) return committerTime(meta.git.commitObject);
  if (meta.http?.lastModified !== undefined) return Math.floor(meta.http.lastModified.getTime() / 1000);
  const filename = source.attrs.get("http.filename");
  if (gitObject || filename === undefined) return undefined;
  // Without a date of its own, a tarball is as old as the newest file in it. (The state may be what it was unpacked to.)
  const download = http(source.identifier, { filename, checksum: source.attrs.get("http.checksum") });
  const archive = await solver.readFile(await solver.solve(solver.marshal(download, platform)), filename);
  return latestTimeInArchive(archive, scope);
}

/** The committer's time in a raw git commit object. */
function committerTime(object: Uint8Array): number | undefined {
  const line = /^committer .* (\d+) [+-]\d{4}$/m.exec(Buffer.from(object).toString("utf8"));
  return line === null ? undefined : Number(line[1]);
}

/** A date that history records can hold: years 0 to 9999. */
function checkedYear(seconds: number): number {
  if (seconds >= -62_167_219_200 && seconds < 253_402_300_800) return seconds;
  throw bad(`invalid SOURCE_DATE_EPOCH: ${seconds}: year outside of range [0,9999]`);
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-epoch", message);
}
