import { CooperError, formatGoDuration, goQuote, suggest } from "../../../kit/index.ts";
import { checkSecretKey, rules } from "../lint/index.ts";
import { blame, type Healthcheck, type Instruction } from "../parse/index.ts";
import type { Conversion } from "./context.ts";
import { formatGoList } from "./go-text.ts";
import { commit } from "./history.ts";
import { EnvLines, shellOf, withConfig } from "./image.ts";
import type { StageState } from "./stage.ts";

type Of<K extends Instruction["kind"]> = Extract<Instruction, { readonly kind: K }>;
type ConfigKind = Exclude<Instruction["kind"], "arg" | "run" | "workdir" | "copy" | "add" | "expose">;

/** Instructions that change nothing but the image's config and the variables of later steps. */
export function dispatchConfig(stage: StageState, instruction: Of<ConfigKind>, conversion: Conversion): void {
  switch (instruction.kind) {
    case "env":
      dispatchEnv(stage, instruction, conversion);
      return;
    case "label":
      dispatchLabel(stage, instruction, conversion);
      return;
    case "maintainer":
      stage.image = { ...stage.image, author: instruction.maintainer };
      commit(stage, conversion, `MAINTAINER ${instruction.maintainer}`);
      return;
    case "cmd":
      dispatchCmd(stage, instruction, conversion);
      return;
    case "entrypoint":
      dispatchEntrypoint(stage, instruction, conversion);
      return;
    case "healthcheck":
      dispatchHealthcheck(stage, instruction, conversion);
      return;
    case "user":
      setUser(stage, instruction.user);
      commit(stage, conversion, `USER ${instruction.user}`);
      return;
    case "volume":
      dispatchVolume(stage, instruction, conversion);
      return;
    case "stopsignal":
      checkSignal(instruction.signal);
      stage.image = withConfig(stage.image, { stopSignal: instruction.signal });
      commit(stage, conversion, `STOPSIGNAL ${instruction.signal}`);
      return;
    case "shell":
      stage.image = withConfig(stage.image, { shell: instruction.shell });
      commit(stage, conversion, `SHELL ${formatGoList(instruction.shell)}`);
      return;
    case "onbuild":
      stage.added.onBuild ??= [...(stage.image.config.onBuild ?? [])];
      stage.added.onBuild.push(instruction.expression);
  }
}

export function setUser(stage: StageState, user: string): void {
  stage.state = stage.state.withUser(user);
  stage.image = withConfig(stage.image, { user });
}

function dispatchEnv(stage: StageState, instruction: Of<"env">, conversion: Conversion): void {
  const { linter } = conversion;
  stage.added.env ??= new EnvLines(stage.image.config.env ?? []);
  let text = "ENV";
  for (const { key, value, noDelim } of instruction.env) {
    if (noDelim) linter.run(rules.legacyKeyValueFormat, instruction.location, instruction.name);
    checkSecretKey("ENV", key, instruction.location, linter);
    text += ` ${key}=${value}`;
    stage.state = stage.state.addEnv(key, value);
    stage.added.env.set(key, value);
  }
  commit(stage, conversion, text);
}

function dispatchLabel(stage: StageState, instruction: Of<"label">, conversion: Conversion): void {
  stage.added.labels ??= new Map(Object.entries(stage.image.config.labels ?? {}));
  let text = "LABEL";
  for (const { key, value, noDelim } of instruction.labels) {
    if (noDelim) conversion.linter.run(rules.legacyKeyValueFormat, instruction.location, instruction.name);
    stage.added.labels.set(key, value);
    text += ` ${key}=${value}`;
  }
  commit(stage, conversion, text);
}

/** The argument list; in shell form with the image's shell in front, which deserves a warning without a SHELL of its own. */
function commandArgs(
  stage: StageState,
  instruction: Of<"cmd" | "entrypoint">,
  conversion: Conversion,
): readonly string[] {
  if (!instruction.prependShell) return instruction.cmdLine;
  if ((stage.image.config.shell ?? []).length === 0) {
    conversion.linter.run(rules.jsonArgsRecommended, instruction.location, instruction.name);
  }
  return [...shellOf(stage.image), instruction.cmdLine.join(" ")];
}

function dispatchCmd(stage: StageState, instruction: Of<"cmd">, conversion: Conversion): void {
  stage.once.note(instruction, conversion.linter);
  const cmd = commandArgs(stage, instruction, conversion);
  stage.cmdSet = true;
  stage.image = withConfig(stage.image, { cmd, argsEscaped: true });
  commit(stage, conversion, `CMD ${formatGoList(cmd.map(goQuote))}`);
}

/** A new ENTRYPOINT drops the CMD that the stage did not set itself. */
function dispatchEntrypoint(stage: StageState, instruction: Of<"entrypoint">, conversion: Conversion): void {
  stage.once.note(instruction, conversion.linter);
  const entrypoint = commandArgs(stage, instruction, conversion);
  stage.image = withConfig(stage.image, { entrypoint, ...(!stage.cmdSet && { cmd: [] }) });
  commit(stage, conversion, `ENTRYPOINT ${formatGoList(entrypoint.map(goQuote))}`);
}

function dispatchHealthcheck(stage: StageState, instruction: Of<"healthcheck">, conversion: Conversion): void {
  stage.once.note(instruction, conversion.linter);
  stage.image = withConfig(stage.image, { healthcheck: instruction.health });
  commit(stage, conversion, `HEALTHCHECK ${shownHealthcheck(instruction.health)}`);
}

/** Go's `%+v` of upstream's struct. */
function shownHealthcheck(health: Healthcheck): string {
  const fields = [
    `Test:${formatGoList(health.test)}`,
    `Interval:${formatGoDuration(health.interval)}`,
    `Timeout:${formatGoDuration(health.timeout)}`,
    `StartPeriod:${formatGoDuration(health.startPeriod)}`,
    `StartInterval:${formatGoDuration(health.startInterval)}`,
    `Retries:${health.retries}`,
  ];
  return `{${fields.join(" ")}}`;
}

function dispatchVolume(stage: StageState, instruction: Of<"volume">, conversion: Conversion): void {
  if (instruction.volumes.includes("")) {
    throw new CooperError("dockerfile/blank", "VOLUME specified can not be an empty string");
  }
  stage.added.volumes ??= new Set(stage.image.config.volumes);
  for (const volume of instruction.volumes) stage.added.volumes.add(volume);
  commit(stage, conversion, `VOLUME ${formatGoList(instruction.volumes)}`);
}

const signals = new Set([
  ..."ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS".split(" "),
  ..."TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX".split(" "),
  ...Array.from({ length: 15 }, (_, at) => `RTMIN+${at + 1}`),
  ...Array.from({ length: 14 }, (_, at) => `RTMAX-${at + 1}`),
]);

function choiceOfSignals(text: string): { readonly hint?: string } {
  const near = suggest(text.replace(/^SIG/i, ""), signals, 1);
  return near === undefined ? {} : { hint: `did you mean SIG${near}?` };
}

/** Any number but 0, or a name of Linux' signals with or without SIG. */
function checkSignal(text: string): void {
  const isNumber = /^[+-]?\d{1,18}$/.test(text);
  const valid = isNumber ? Number(text) !== 0 : signals.has(text.toUpperCase().replace(/^SIG/, ""));
  if (!valid)
    throw new CooperError("dockerfile/bad-signal", `invalid signal: ${text}`, {
      ...choiceOfSignals(text),
      ...blame(text),
    });
}
