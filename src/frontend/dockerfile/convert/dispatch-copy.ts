import { randomBytes } from "node:crypto";
import { CooperError } from "../../../kit/index.ts";
import {
  caps,
  type FileActionSpec,
  merge,
  parseOwner,
  type State,
  scratch,
  type VertexOptions,
} from "../../../llb/index.ts";
import { type AddInstruction, blaming, type CopyInstruction } from "../parse/index.ts";
import { type Conversion, locationIn } from "./context.ts";
import { copyActions } from "./copy-sources.ts";
import { isGitSource, isHttpSource } from "./git-ref.ts";
import { commit } from "./history.ts";
import { isAbsoluteImagePath, normalizeImagePath, prefixed, stripDrive } from "./image-path.ts";
import { shownInstruction, stepName } from "./names.ts";
import type { StageState } from "./stage.ts";

export type CopyLike = AddInstruction | CopyInstruction;

/** COPY and ADD: all sources in one step; with `--link` on a tree of its own that is then laid on top. */
export function dispatchCopy(stage: StageState, instruction: CopyLike, source: State, conversion: Conversion): void {
  const os = stage.platform?.os ?? "";
  const shared = {
    dest: blaming([instruction.destPath], () => destination(stage, instruction.destPath, os)),
    ...blaming([`--chmod=${instruction.chmod}`, "--chmod"], () => permissions(instruction.chmod)),
    owner: instruction.chown === "" ? undefined : parseOwner(instruction.chown),
    createDestPath: true,
    excludePatterns: instruction.excludePatterns,
  };
  blaming(["--checksum"], () => checkChecksum(instruction));
  const platform = conversion.options.multiPlatform ? (stage.platform ?? conversion.targetPlatform) : undefined;
  const { env } = stage;
  const shown = shownInstruction(conversion, instruction.code, env);
  const nameOf = (text: string) => stepName(stage, text, platform, env);
  const name = nameOf(shown);
  const actions = copyActions(stage, instruction, { source, name, shared }, conversion);
  const options: VertexOptions = {
    customName: name,
    location: locationIn(conversion, instruction.location),
    ignoreCache: stage.ignoreCache,
  };
  if (instruction.link && instruction.chmod === "" && conversion.solver.supports(caps.mergeOp)) {
    linkOnTop(stage, actions, options, (prefix) => {
      stage.stepIndex--; // the same step under another name
      return nameOf(prefix + shown);
    });
  } else stage.state = stage.state.file(actions, options);
  commit(stage, conversion, historyText(instruction), { layer: true, marked: true });
}

/** The copy is made on scratch, so that it stays valid whatever lies below; progress shows both as one. */
function linkOnTop(
  stage: StageState,
  actions: readonly FileActionSpec[],
  options: VertexOptions,
  rename: (prefix: string) => string,
): void {
  const group = { id: randomBytes(15).toString("base64url"), name: rename("") };
  const copyOptions = { ...options, platform: stage.platform, progressGroup: { ...group, weak: true } };
  const copied = scratch().file(actions, copyOptions);
  const customName = rename("LINK ");
  const merged = merge([stage.state, copied], { ...options, customName, progressGroup: { ...group, weak: false } });
  stage.state = stage.state.withOutput(merged.output);
}

function destination(stage: StageState, path: string, os: string): string {
  const local = prefixed("removing drive letter", () => stripDrive(path, os, true));
  if (isAbsoluteImagePath(local, os)) return normalizeImagePath("/", local, os, true);
  const written = local === "." || local === "" ? "./" : local;
  return normalizeImagePath(stage.state.dir, written, os, true);
}

const symbolicMode = /^[augo]*(?:[+\-=][rstwXxugo]*)+(?:,[augo]*(?:[+\-=][rstwXxugo]*)+)*$/;

/** `--chmod`: octal up to 7777, or chmod's symbols. */
function permissions(text: string): { mode: number | undefined; modeString: string } {
  if (text === "") return { mode: undefined, modeString: "" };
  const octal = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
  if (octal !== undefined && octal <= 0o7777) return { mode: octal, modeString: "" };
  if (octal === undefined && symbolicMode.test(text)) return { mode: undefined, modeString: text };
  const sentence = /^[0-9]/.test(text)
    ? `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`
    : "invalid syntax";
  throw new CooperError("dockerfile/bad-chmod", sentence);
}

function checkChecksum(instruction: CopyLike): void {
  if (instruction.kind !== "add" || instruction.checksum === "") return;
  const [source = "", ...more] = instruction.sourcePaths;
  if (instruction.sourcePaths.length === 0 || more.length > 0) {
    throw new CooperError("dockerfile/bad-checksum", "checksum can't be specified for multiple sources");
  }
  if (!isHttpSource(source) && !isGitSource(source))
    throw new CooperError("dockerfile/bad-checksum", "checksum requires HTTP(S) or Git sources");
}

function historyText(instruction: CopyLike): string {
  const parts = [
    instruction.kind.toUpperCase(),
    ...(instruction.kind === "copy" && instruction.parents ? ["--parents"] : []),
    ...(instruction.chown === "" ? [] : [`--chown=${instruction.chown}`]),
    ...(instruction.chmod === "" ? [] : [`--chmod=${instruction.chmod}`]),
    ...instruction.sourcePaths,
    ...instruction.sourceContents.map(({ path }) => `<<${path}`),
    instruction.destPath,
  ];
  return parts.join(" ");
}
