import { parseOwner } from "../../../llb/index.ts";
import { rules } from "../lint/index.ts";
import { blaming, type WorkdirInstruction } from "../parse/index.ts";
import { type Conversion, locationIn } from "./context.ts";
import { commit } from "./history.ts";
import { withConfig } from "./image.ts";
import { isAbsoluteImagePath, normalizeWorkdir, prefixed, toSlash } from "./image-path.ts";
import { shownInstruction, stepName } from "./names.ts";
import type { StageState } from "./stage.ts";

/** WORKDIR: makes the directory (owned by USER), unless it is the root. */
export function dispatchWorkdir(stage: StageState, instruction: WorkdirInstruction, conversion: Conversion): void {
  const os = stage.platform?.os ?? "";
  // Only the first one of the file: a relative path after an absolute one is clear.
  if (!stage.workdirSet && !isAbsoluteImagePath(instruction.path, os)) {
    conversion.linter.run(rules.workdirRelativePath, instruction.location, instruction.path);
  }
  stage.workdirSet = true;
  const dir = blaming([instruction.path], () => setWorkdir(stage, instruction.path));
  if (dir !== "/") makeDirectory(stage, instruction, dir, conversion);
  commit(stage, conversion, `WORKDIR ${dir}`, { layer: dir !== "/" });
}

/** Sets the directory of state and image; gives it with slashes. */
export function setWorkdir(stage: StageState, path: string): string {
  const os = stage.platform?.os ?? "";
  const workingDir = prefixed("normalizing workdir", () =>
    normalizeWorkdir(stage.image.config.workingDir ?? "", path, os),
  );
  stage.image = withConfig(stage.image, { workingDir });
  const dir = toSlash(workingDir, os);
  stage.state = stage.state.withDir(dir);
  return dir;
}

function makeDirectory(stage: StageState, instruction: WorkdirInstruction, dir: string, conversion: Conversion): void {
  const { user = "" } = stage.image.config;
  const shown = conversion.options.multiPlatform ? (stage.platform ?? conversion.targetPlatform) : undefined;
  const timestamp = conversion.epoch === undefined ? undefined : BigInt(conversion.epoch) * 1_000_000_000n;
  const owner = user === "" ? undefined : parseOwner(user);
  const action = { kind: "mkdir", path: dir, mode: 0o755, makeParents: true, timestamp, owner } as const;
  stage.state = stage.state.file([action], {
    customName: stepName(stage, shownInstruction(conversion, instruction.code, stage.env), shown, stage.env),
    location: locationIn(conversion, instruction.location),
    platform: stage.platform,
  });
}
