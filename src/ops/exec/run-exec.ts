import type { StepResult } from "../../executor/index.ts";
import { CooperError, type ErrorExtras, goQuote, isCooperError } from "../../kit/index.ts";
import type { ExecOp } from "../../llb/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import type { FailedState, FailureDetails } from "../failed-state.ts";
import { behindProxy } from "./behind-proxy.ts";
import { withDevices } from "./cdi/with-devices.ts";
import { emulated, emulationHint, isForeign } from "./emulation.ts";
import type { ExecTools, ExecVertex } from "./exec-op.ts";
import { fullVolumeHint } from "./full-volume-hint.ts";
import { type PreparedMounts, prepareMounts } from "./prepare-mounts.ts";
import { secretEnv } from "./secret-env.ts";
import { stepOf } from "./step-of.ts";
import { stepTracing } from "./tracing.ts";

/** Runs an exec on trees that are here; its outputs in order. */
export async function runExec(
  body: ExecOp,
  vertex: ExecVertex,
  { storage, executor, devices, proxies, traceSocket }: ExecTools,
  inputs: readonly Ref[],
  scope: OpScope,
): Promise<readonly Ref[]> {
  const secrets = await secretEnv(body.secretEnv, scope);
  const runner = await executor();
  if (runner.refusal !== undefined) await exitOfStep(body, Promise.reject(runner.refusal));
  await using prepared = await prepareMounts(body, inputs, storage, scope, runner.movesMounts);
  const plain = stepOf(body, prepared, secrets, vertex.limits);
  const whole = emulated(await withDevices(plain, body.devices, devices), vertex.platform, programPath());
  await using home = body.proxyNetwork === true ? await behindProxy(whole.rootfs, runner, proxies, scope) : undefined;
  const { networkNamespace } = home ?? {};
  const tracing = stepTracing(runner.movesMounts ? undefined : traceSocket, scope.traceparent);
  const env = tracing.environment([...whole.env, ...(home?.env ?? [])]);
  const mounts = [...whole.mounts, ...tracing.mounts];
  const step = { ...whole, env, mounts, ...(networkNamespace && { networkNamespace }) };
  const foreign = isForeign(vertex.platform);
  let cannotRun = false;
  const output = (stream: 1 | 2, data: Uint8Array) => {
    // The runtime's words when it began the process in vain, or a shell's.
    cannotRun ||= foreign && stream === 2 && /exec format error/i.test(Buffer.from(data).toString("latin1"));
    scope.emit({ type: "log", stream, data });
  };
  // Before anything is kept of the tree, it is as the step left it.
  const result = await exitOfStep(body, runner.run(step, output, scope)).finally(() => home?.end());
  const { exitCode } = result;
  const valid = body.meta.validExitCodes.length === 0 ? [0] : body.meta.validExitCodes;
  if (!valid.includes(exitCode)) {
    const state = scope.keepsFailures === true ? await stateOf(body, inputs, prepared) : undefined;
    const emulation = cannotRun ? emulationHint(vertex.platform, programPath()) : undefined;
    const hint = emulation ?? result.hint ?? fullVolumeHint(step.rootfs);
    throw exitFailure(body, { ...result, hint }, state);
  }
  return await prepared.commit(`mount / from exec ${body.meta.args.join(" ")}`);
}

/**
 * A command that cannot be started fails the step as upstream has it: the runtime's words are in the log, the exit code is 1. What else
 * goes wrong before the process begins (an unknown user, a missing right) is told in the step's sentence.
 */
async function exitOfStep(body: ExecOp, running: Promise<StepResult>): Promise<StepResult> {
  try {
    return await running;
  } catch (error) {
    if (isCooperError(error, "executor/start-failed")) return { exitCode: 1, hint: error.hint };
    const whole = isCooperError(error, "executor/cancelled") || isCooperError(error, "executor/no-runtime");
    if (whole || !isCooperError(error, "executor/")) throw error;
    throw failure(body, error.message, { cause: error, hint: error.hint });
  }
}

function programPath(): string {
  return process.env.PATH ?? "";
}

/** What the step was given and what it left, by mount. */
async function stateOf(body: ExecOp, inputs: readonly Ref[], prepared: PreparedMounts): Promise<FailedState> {
  return {
    inputs: body.mounts.map(({ input }) => (input === undefined ? undefined : inputs[input])),
    mounts: await prepared.commitFailed(`failed exec ${body.meta.args.join(" ")}`),
  };
}

function exitFailure(body: ExecOp, result: StepResult, state: FailedState | undefined): CooperError {
  const { exitCode: code, oomKilledAt, hint } = result;
  const details: FailureDetails = { kind: "exit", code, ...(state && { state }) };
  if (oomKilledAt === undefined) return failure(body, `exit code: ${code}`, { details, hint });
  // Upstream says its last words alone.
  const why = `exit code: ${code}: OOM-killed at ${inUnits(oomKilledAt)}: cannot allocate memory`;
  return failure(body, why, { details, hint: "give steps more memory: --step-memory, or --opt memory=BYTES" });
}

/** Bytes in the largest unit that leaves a whole number: `512 MiB`. */
function inUnits(bytes: number): string {
  const units = ["GiB", "MiB", "KiB"];
  const index = units.findIndex((_, place) => bytes % 1024 ** (3 - place) === 0);
  return index < 0 ? `${bytes} bytes` : `${bytes / 1024 ** (3 - index)} ${units[index]}`;
}

function failure(body: ExecOp, why: string, extras: ErrorExtras): CooperError {
  const process = goQuote(body.meta.args.join(" "));
  return new CooperError("ops/exec-failed", `process ${process} did not complete successfully: ${why}`, extras);
}
