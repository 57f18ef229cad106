import type { StepResult } from "../../executor/index.ts";
import { CooperError, type ErrorExtras, goQuote, isCooperError } from "../../kit/index.ts";
import type { ExecOp } from "../../llb/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { emulated, emulationHint, isForeign } from "./emulation.ts";
import type { ExecTools, ExecVertex } from "./exec-op.ts";
import { prepareMounts } from "./prepare-mounts.ts";
import { secretEnv } from "./secret-env.ts";
import { stepOf } from "./step-of.ts";

/** Runs an exec on trees that are here; its outputs in order. */
export async function runExec(
  body: ExecOp,
  vertex: ExecVertex,
  { storage, executor }: ExecTools,
  inputs: readonly Ref[],
  scope: OpScope,
): Promise<readonly Ref[]> {
  const secrets = await secretEnv(body.secretEnv, scope);
  await using prepared = await prepareMounts(body, inputs, storage, scope);
  const step = emulated(stepOf(body, prepared, secrets, vertex.limits), vertex.platform, programPath());
  const foreign = isForeign(vertex.platform);
  let cannotRun = false;
  const output = (stream: 1 | 2, data: Uint8Array) => {
    // The runtime's words when it began the process in vain, or a shell's.
    cannotRun ||= foreign && stream === 2 && /exec format error/i.test(Buffer.from(data).toString("latin1"));
    scope.emit({ type: "log", stream, data });
  };
  const { exitCode, hint } = await exitOfStep(body, (await executor()).run(step, output, scope));
  const valid = body.meta.validExitCodes.length === 0 ? [0] : body.meta.validExitCodes;
  if (!valid.includes(exitCode)) {
    throw exitFailure(body, exitCode, cannotRun ? emulationHint(vertex.platform, programPath()) : hint);
  }
  return await prepared.commit(`exec ${body.meta.args.join(" ")}`);
}

/**
 * A command that cannot be started fails the step as upstream has it: the runtime's words are in the log, the exit code is 1. What else
 * goes wrong before the process begins (an unknown user, a missing right) is told in the step's sentence.
 */
async function exitOfStep(
  body: ExecOp,
  running: Promise<StepResult>,
): Promise<StepResult & { readonly hint?: string | undefined }> {
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

function exitFailure(body: ExecOp, code: number, hint: string | undefined): CooperError {
  const details = { kind: "exit", code };
  return failure(body, `exit code: ${code}`, { details, hint });
}

function failure(body: ExecOp, why: string, extras: ErrorExtras): CooperError {
  const process = goQuote(body.meta.args.join(" "));
  return new CooperError("ops/exec-failed", `process ${process} did not complete successfully: ${why}`, extras);
}
