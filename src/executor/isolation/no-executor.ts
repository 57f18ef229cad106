import { CooperError } from "../../kit/index.ts";
import type { Container, Executor, StepResult } from "../contract.ts";
import { settingsHint } from "./pod-settings.ts";

/** Runs nothing: for a process without any right. Everything but RUN is built all the same. */
export class NoExecutor implements Executor {
  readonly description = "no-exec";

  get refusal(): CooperError {
    return new CooperError(
      "executor/no-exec",
      'cannot run a process: isolation "no-exec" assembles images without running anything',
      {
        hint: `RUN needs at least the capabilities CHOWN, DAC_OVERRIDE, FOWNER, SETUID, SETGID and SYS_CHROOT; ${settingsHint}`,
      },
    );
  }

  async run(): Promise<StepResult> {
    throw this.refusal;
  }

  async open(): Promise<Container> {
    throw new CooperError(
      "executor/no-exec",
      'cannot open a container: isolation "no-exec" assembles images without running anything',
      {
        hint: `frontend images and containers need what RUN needs; ${settingsHint}`,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
