import { CooperError } from "../../kit/index.ts";
import { processRights } from "../../sys/index.ts";
import type { Container, Executor, StepResult } from "../contract.ts";
import { settingsHint } from "./pod-settings.ts";
import { missingCapabilities, neededForChroot } from "./trials.ts";

/** Runs nothing: for a process without any right. Everything but RUN is built all the same. */
export class NoExecutor implements Executor {
  readonly description = "no-exec";
  readonly #whyNot: readonly string[];

  /** `whyNot`: why no other isolation was taken. */
  constructor(whyNot: readonly string[]) {
    this.#whyNot = whyNot;
  }

  get refusal(): CooperError {
    return new CooperError(
      "executor/no-exec",
      'cannot run a process: isolation "no-exec" assembles images without running anything',
      {
        hint: [runNeeds(), settingsHint, ...this.#whyNot.map((why) => `here ${why}`)].join("; "),
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

/** With most of the capabilities there, the ones that are not are the answer: somebody dropped them. */
function runNeeds(): string {
  const missing = missingCapabilities(processRights()).map((name) => name.replace("CAP_", ""));
  if (missing.length === 0 || missing.length === neededForChroot.length) {
    return "RUN needs at least the capabilities CHOWN, DAC_OVERRIDE, FOWNER, SETUID, SETGID and SYS_CHROOT";
  }
  const names = missing.join(", ");
  return `RUN needs the capability ${missing.join(" and ")}, which this container lacks: securityContext.capabilities.add: [${names}], or do not drop it`;
}
