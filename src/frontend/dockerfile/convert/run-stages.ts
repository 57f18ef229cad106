import { silentLinter } from "../lint/index.ts";
import { type LineFailure, type Location, locate, maxFurther, withFurther } from "../parse/index.ts";
import { parseBool } from "../parse/values.ts";
import { environmentOf } from "../shell/index.ts";
import type { Conversion } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { setUser } from "./dispatch-config.ts";
import { setWorkdir } from "./dispatch-workdir.ts";
import { withAdditions, withConfig } from "./image.ts";
import { defaultPath } from "./image-path.ts";
import type { StageState } from "./stage.ts";

/**
 * Applies the instructions of all stages that matter, in order. Gives the paths that they read of the build context. Throws
 * the first error, whose hint names the other lines that fail without it.
 */
export function runStages(
  reachable: ReadonlySet<StageState>,
  target: StageState,
  conversion: Conversion,
): ReadonlySet<string> {
  const paths = new Set<string>();
  const failures: LineFailure[] = [];
  for (const stage of conversion.stages.all) {
    if (!conversion.allStages && (!reachable.has(stage) || stage.dispatched)) continue;
    runStage(stage, conversion, failures);
    for (const path of stage.contextPaths) paths.add(path);
  }
  const [first, ...others] = failures;
  if (first !== undefined) throw withFurther(first.error, others);
  target.paths.add("/");
  return paths;
}

function runStage(stage: StageState, conversion: Conversion, failures: LineFailure[]): void {
  stage.inherit();
  stage.dispatched = true;
  stage.platform ??= conversion.targetPlatform;
  const attempt = (location: Location, work: () => void) => {
    if (failures.length > maxFurther) return;
    try {
      work();
    } catch (error) {
      failures.push({ line: location[0]?.start.line ?? 0, error: locate(error, conversion.file, location) });
    }
  };
  attempt(stage.stage.location, () => applyImage(stage, conversion));
  for (const step of stage.steps) {
    // What comes after an error is only looked at for more errors.
    const linter = failures.length > 0 ? silentLinter : conversion.linter;
    attempt(step.instruction.location, () => dispatch(stage, step, { ...conversion, linter }));
  }
  stage.image = withAdditions(stage.image, stage.added);
  stage.scanContext = isScanned(stage, "BUILDKIT_SBOM_SCAN_CONTEXT", conversion);
  stage.scanStage = isScanned(stage, "BUILDKIT_SBOM_SCAN_STAGE", conversion);
}

/** Environment, directory, user and network that processes of the stage start with. */
function applyImage(stage: StageState, conversion: Conversion): void {
  const { env = [] } = stage.image.config;
  if (environmentOf(env).get("PATH") === undefined && stage.platform?.os !== "windows") {
    stage.image = withConfig(stage.image, { env: [...env, `PATH=${defaultPath}`] });
  }
  for (const line of stage.image.config.env ?? []) {
    const at = line.indexOf("=");
    stage.state = at < 0 ? stage.state.addEnv(line, "") : stage.state.addEnv(line.slice(0, at), line.slice(at + 1));
  }
  const { hostname, networkMode } = conversion.options;
  if (hostname !== "") stage.state = stage.state.withHostname(hostname);
  if (stage.image.config.workingDir) setWorkdir(stage, stage.image.config.workingDir);
  if (stage.image.config.user) setUser(stage, stage.image.config.user);
  stage.state = stage.state.withNetwork(networkMode);
}

/** An argument that is true, or lists the stage's name. */
function isScanned(stage: StageState, name: string, { globalArgs }: Conversion): boolean {
  const own = stage.buildArgs.findLast(({ key, value }) => key === name && value !== undefined)?.value;
  const value = own ?? globalArgs.get(name);
  if (value === undefined) return false;
  return parseBool(value) ?? value.split(",").includes(stage.displayName);
}
