import { CooperError, encodeRaw, joinPath } from "../../../kit/index.ts";
import {
  type CdiDevice,
  caps,
  type EnvList,
  type RunMountOptions,
  type RunOptions,
  scratch,
} from "../../../llb/index.ts";
import { type ArgPair, blame, chompHeredoc, parseHeredocWord, type RunInstruction } from "../parse/index.ts";
import type { Environment } from "../shell/index.ts";
import { type Conversion, locationIn } from "./context.ts";
import { commit } from "./history.ts";
import { shellOf } from "./image.ts";
import { shownInstruction, stepName, summarizeHeredoc } from "./names.ts";
import { readRunMounts } from "./run-mounts.ts";
import type { StageState } from "./stage.ts";

/** RUN: one process on the stage's file system. */
export function dispatchRun(
  stage: StageState,
  instruction: RunInstruction,
  sources: readonly StageState[],
  conversion: Conversion,
): void {
  stage.paths.add("/");
  const command = readCommand(stage, instruction);
  const args = instruction.prependShell ? [...shellOf(stage.image), command.args.join(" ")] : command.args;
  const mounts = readRunMounts(stage, instruction, sources, conversion);
  const env = stage.env;
  const masked = maskSecrets(instruction, env);
  const shown = shownInstruction(conversion, instruction.code + command.note, masked, true);
  const platform = conversion.options.multiPlatform ? stage.state.platform : undefined;
  stage.state = stage.state.run({
    ...limits(instruction, conversion),
    ...mounts,
    args,
    mounts: [...command.mounts, ...mounts.mounts, ...sharedMemory(conversion)],
    ignoreCache: stage.ignoreCache,
    proxyEnv: conversion.proxyEnv,
    extraHosts: conversion.options.extraHosts,
    security: instruction.security,
    network: instruction.network === "default" ? undefined : instruction.network,
    customName: stepName(stage, shown, platform, env),
    description: { "com.docker.dockerfile.v1.command": instruction.code },
    location: locationIn(conversion, instruction.location),
  });
  commit(stage, conversion, `RUN ${historyText(args, stage.buildArgs, env)}`, { layer: true, marked: true });
}

interface Command {
  readonly args: readonly string[];
  readonly mounts: readonly RunMountOptions[];
  /** What is added to the shown instruction. */
  readonly note: string;
}

/**
 * The command with its heredocs. A lone heredoc is the script itself: run by the shell, or, when it starts with `#!`, as a
 * file; any other use is left to the shell.
 */
function readCommand(stage: StageState, instruction: RunInstruction): Command {
  const { cmdLine, files, prependShell } = instruction;
  const [file] = files;
  if (file === undefined) return { args: cmdLine, mounts: [], note: "" };
  const [line] = cmdLine;
  if (cmdLine.length !== 1 || line === undefined || !prependShell) {
    throw new CooperError("dockerfile/invalid", `parsing produced an invalid run command: [${cmdLine.join(" ")}]`);
  }
  if (parseHeredocWord(line) === undefined) {
    return { args: [line + files.map(({ data, name }) => `\n${data}${name}`).join("")], mounts: [], note: "" };
  }
  const note = ` (${summarizeHeredoc(file.data)})`;
  const script = file.chomp ? chompHeredoc(file.data) : file.data;
  if (stage.image.platform.os === "windows" || !script.startsWith("#!")) return { args: [script], mounts: [], note };
  return { args: [joinPath("/dev/pipes/", file.name)], mounts: [scriptMount(stage, file.name, script)], note };
}

function scriptMount(stage: StageState, name: string, script: string): RunMountOptions {
  const action = { kind: "mkfile", path: name, mode: 0o755, data: encodeRaw(script), timestamp: undefined } as const;
  const options = { customName: "[internal] preparing inline document", platform: stage.platform };
  const { output } = scratch().file([action], options);
  return { target: "/dev/pipes/", source: output, selector: "/", readonly: true };
}

function sharedMemory({ options, solver }: Conversion): RunMountOptions[] {
  if (options.shmSize <= 0 || !solver.supports(caps.execMountTmpfsSize)) return [];
  return [{ target: "/dev/shm", source: undefined, tmpfs: { size: options.shmSize } }];
}

function limits(instruction: RunInstruction, { options, solver }: Conversion): Partial<RunOptions> {
  const { linuxResources } = options;
  return {
    ...(solver.supports(caps.execMetaUlimit) && { ulimits: options.ulimits }),
    ...(solver.supports(caps.execMetaCgroupParent) && { cgroupParent: options.cgroupParent }),
    ...(solver.supports(caps.execMetaLinuxResources) && linuxResources && { linuxResources }),
    ...(solver.supports(caps.execMetaCdi) && { devices: devices(instruction, options.labs) }),
  };
}

function devices(instruction: RunInstruction, labs: boolean): CdiDevice[] {
  if (instruction.devices.length > 0 && !labs) {
    const sentence = "device feature is only supported in Dockerfile frontend 1.14.0-labs or later";
    const hint = "put `# syntax=docker/dockerfile:1-labs` first";
    throw new CooperError("dockerfile/needs-labs", sentence, { hint, ...blame("--device") });
  }
  return instruction.devices.map(({ name, required }) => ({ name, optional: !required }));
}

/** A secret in a variable is shown as stars: not to hide it, but to tell that it is one. */
function maskSecrets(instruction: RunInstruction, env: EnvList): Environment {
  let masked = env;
  for (const { type, env: name } of instruction.mounts) {
    if (type === "secret" && name !== undefined) masked = masked.set(name, "****");
  }
  return masked;
}

/** The arguments as history has them: `|2 A=1 B=2 /bin/sh -c …` with the build arguments in front. */
function historyText(args: readonly string[], buildArgs: readonly ArgPair[], env: EnvList): string {
  const values = new Map(buildArgs.map(({ key, value }) => [key, env.get(key) ?? value ?? ""]));
  const shown = Array.from(values, ([key, value]) => `${key}=${value}`);
  return [...(shown.length > 0 ? [`|${shown.length}`] : []), ...shown, ...args].join(" ");
}
