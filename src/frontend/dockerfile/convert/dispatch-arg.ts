import { checkSecretKey } from "../lint/index.ts";
import type { ArgInstruction, ArgPair } from "../parse/index.ts";
import { nonEnvArgs, reportUndefined } from "./checks.ts";
import { type Conversion, expand, reporting } from "./context.ts";
import { commit } from "./history.ts";
import type { StageState } from "./stage.ts";

/** ARG: a build argument, else a global argument (only without a default), else the default. */
export function dispatchArg(stage: StageState, instruction: ArgInstruction, conversion: Conversion): void {
  const shown: string[] = [];
  for (const written of instruction.args) {
    checkSecretKey("ARG", written.key, instruction.location, conversion.linter);
    const inherited = inheritedValue(written, conversion);
    const value = inherited ?? ownValue(stage, instruction, written, conversion);
    const arg: ArgPair = { ...written, value };
    if (value !== undefined && !nonEnvArgs.has(arg.key)) stage.state = stage.state.addEnv(arg.key, value);
    if (inherited === undefined) {
      const { location } = instruction;
      stage.outline.allArgs.set(arg.key, { definition: arg, value: value ?? "", deps: new Set(), location });
    }
    stage.outline.usedArgs.add(arg.key);
    stage.buildArgs.push(arg);
    shown.push(value === undefined ? arg.key : `${arg.key}=${value}`);
  }
  commit(stage, conversion, `ARG ${shown.join(" ")}`);
}

function inheritedValue(arg: ArgPair, { buildArgs, globalArgs }: Conversion): string | undefined {
  return arg.value === undefined && !buildArgs.has(arg.key) ? globalArgs.get(arg.key) : undefined;
}

function ownValue(
  stage: StageState,
  instruction: ArgInstruction,
  arg: ArgPair,
  conversion: Conversion,
): string | undefined {
  const given = conversion.buildArgs.get(arg.key);
  if (given !== undefined || arg.value === undefined) return given;
  const { value } = arg;
  const report = (unmatched: ReadonlySet<string>) => reportUndefined(stage, instruction, unmatched, conversion.linter);
  return reporting(report, () => expand(conversion, value, stage.env)).result;
}
