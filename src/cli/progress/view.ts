import type { SolveStatus } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { colorsFrom } from "./colors.ts";
import { printFailures } from "./failures.ts";
import { longestPause, Pace } from "./pace.ts";
import { PlainPrinter, type Write } from "./plain.ts";
import { rawJsonLine } from "./rawjson.ts";
import { Trace } from "./trace.ts";
import { outputMargin, type TerminalSize, TtyPrinter } from "./tty.ts";

/** Shows a build's progress. `close` prints what is left and ends what the view has running. */
export interface ProgressView {
  update(status: SolveStatus): void;
  close(): void;
}

/** Where a view prints to. */
export interface ViewOutput {
  /** One character a byte. */
  readonly write: Write;
  /** Undefined: no terminal. */
  readonly size: (() => TerminalSize) | undefined;
}

/**
 * The view that `--progress=MODE` names; `BUILDKIT_PROGRESS` decides for `auto`. Throws `cli/bad-progress` for an unknown
 * mode, and for `tty` without a terminal.
 */
export function openView(
  mode: string,
  output: ViewOutput,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
): ProgressView {
  const wanted = mode === "auto" && env.BUILDKIT_PROGRESS ? env.BUILDKIT_PROGRESS : mode;
  switch (wanted) {
    case "":
    case "auto":
    case "tty":
      if (output.size !== undefined) return ttyView(output.write, output.size, env, warn);
      if (wanted === "tty") {
        throw new CooperError("cli/bad-progress", "failed to get console: provided file is not a console");
      }
      return plainView(output.write, env);
    case "plain":
      return plainView(output.write, env);
    case "rawjson":
      return {
        update: (status) => output.write(Buffer.from(rawJsonLine(status), "utf8").toString("latin1")),
        close() {},
      };
    case "quiet":
      return { update() {}, close() {} };
    default:
      throw new CooperError("cli/bad-progress", `invalid progress mode ${wanted}`, {
        hint: "the modes are auto, plain, tty, rawjson and quiet",
      });
  }
}

function plainView(write: Write, env: NodeJS.ProcessEnv): ProgressView {
  const trace = new Trace();
  const printer = new PlainPrinter(trace, write, env.PROGRESS_NO_TRUNC === "0" ? 72 : undefined);
  return pacedView(trace, env, (now) => printer.print(now), write);
}

function ttyView(
  write: Write,
  size: () => TerminalSize,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
): ProgressView {
  const lines = Number(env.BUILDKIT_TTY_LOG_LINES) > 0 ? Math.floor(Number(env.BUILDKIT_TTY_LOG_LINES)) : undefined;
  const trace = new Trace({ lines: lines ?? 6, width: () => size().width - outputMargin });
  const printer = new TtyPrinter(trace, write, colorsFrom(env, warn), lines);
  return pacedView(trace, env, (now, last) => printer.print(now, size(), last), write);
}

/** Gathers updates and draws at a bearable pace; draws on in quiet times too, for the timers. */
function pacedView(
  trace: Trace,
  env: NodeJS.ProcessEnv,
  draw: (now: number, last: boolean) => void,
  write: Write,
): ProgressView {
  const rate = Number(env.TTY_DISPLAY_RATE) > 0 ? Number(env.TTY_DISPLAY_RATE) : undefined;
  const pace = new Pace(rate);
  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    draw(Date.now(), false);
    timer?.refresh();
  };
  return {
    update(status) {
      const now = Date.now();
      trace.update(status, now);
      if (pace.allows(now)) draw(now, false);
      if (timer === undefined) timer = setTimeout(again, rate ?? longestPause).unref();
      else timer.refresh();
    },
    close() {
      clearTimeout(timer);
      draw(Date.now(), true);
      printFailures(trace, write);
    },
  };
}
