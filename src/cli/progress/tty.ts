import type { Colors } from "./colors.ts";
import { cutColumns, fitColumns } from "./columns.ts";
import { secondsOf } from "./intervals.ts";
import { fitHeight, type Job, jobsOf } from "./jobs.ts";
import { asBytes, type Write } from "./plain.ts";
import type { Trace } from "./trace.ts";

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Columns kept free beside a step's output. */
export const outputMargin = 10;
const leastOutputLines = 6;

/** Draws a build as a block of lines and redraws it in place: steps with timers, and the last output of those that run. */
export class TtyPrinter {
  readonly #trace: Trace;
  readonly #write: Write;
  readonly #colors: Colors;
  readonly #outputLines: number;
  #lineCount = 0;
  #drawn = false;
  /** How often a step's output was shown, so that all get a turn. */
  readonly #shown = new Map<string, number>();

  constructor(trace: Trace, write: Write, colors: Colors, outputLines = leastOutputLines) {
    this.#trace = trace;
    this.#write = write;
    this.#colors = colors;
    this.#outputLines = outputLines;
  }

  /** `last`: the build has ended, so everything is drawn however high the terminal is. */
  print(now: number, size: TerminalSize, last: boolean): void {
    const all = jobsOf(this.#trace);
    const { jobs, outputs } = this.#choose(all, size, last);
    const lines = jobs.flatMap((job) => [...this.#jobLine(job, now, size.width), ...(outputs.get(job) ?? [])]);
    const up = this.#drawn ? `\u001b[${this.#lineCount + 1}A` : "";
    const blank = `${" ".repeat(Math.max(0, size.width - 1))}\n`;
    const surplus = Math.max(0, this.#lineCount - lines.length);
    const back = surplus > 0 ? `\u001b[${surplus}A\r` : "";
    const frame = `${this.#title(now, size.width, last)}\n${lines.join("")}${blank.repeat(surplus)}${back}`;
    this.#write(asBytes(`\u001b[?25l${up}\r${frame}\u001b[?25h`));
    this.#drawn = true;
    this.#lineCount = lines.length;
  }

  #title(now: number, width: number, last: boolean): string {
    const vertexes = [...new Set(this.#trace.byDigest.values())].filter((vertex) => !vertex.hidden);
    const completed = vertexes.filter((vertex) => vertex.completed).length;
    const started = (this.#trace.startedAt ?? now) + (this.#trace.clockDifference ?? 0);
    const seconds = this.#trace.startedAt === undefined ? 0 : (now - started) / 1000;
    const finished = last && completed > 0 && completed === vertexes.length ? "FINISHED" : "";
    const title = `[+] Building ${seconds.toFixed(1)}s (${completed}/${vertexes.length}) ${finished}`;
    return title.padEnd(width - 1).slice(0, width);
  }

  /** The jobs that fit, and the output to show under some of those that run. */
  #choose(jobs: readonly Job[], size: TerminalSize, last: boolean): Choice {
    const running = jobs.filter((job) => !job.completed);
    const candidates = running
      .filter((job) => (job.vertex?.logBytes ?? 0) > 0)
      .sort((a, b) => this.#rank(b) - this.#rank(a));
    const height = Math.max(leastOutputLines, Math.min(this.#outputLines, size.height - leastOutputLines - 1));
    let free = size.height - 2 - running.length;
    let taken = 0;
    const outputs = new Map<Job, readonly string[]>();
    for (const job of candidates) {
      if (free <= height + 3) break;
      const lines = this.#outputOf(job, height, size.width);
      outputs.set(job, lines);
      taken += lines.length;
      free -= height + 3;
    }
    return { jobs: last ? jobs : fitHeight(jobs, size.height - 2 - taken), outputs };
  }

  #rank(job: Job): number {
    return (job.vertex?.logBytes ?? 0) + (this.#shown.get(job.vertex?.digest ?? "") ?? 0) * 50;
  }

  #outputOf(job: Job, height: number, width: number): readonly string[] {
    const vertex = job.vertex;
    if (vertex?.screen === undefined) return [];
    vertex.screen.width = width - outputMargin;
    this.#shown.set(vertex.digest, (this.#shown.get(vertex.digest) ?? 0) + 1);
    const lines = vertex.screen.lines.slice(-height);
    return lines.map((line) => `\u001b[2m => => # ${fitColumns(line, width - outputMargin)}\u001b[0m\n`);
  }

  #jobLine(job: Job, now: number, width: number): string[] {
    if (job.intervals.length === 0) return [];
    const prefix = " => ";
    const seconds = secondsOf(job.intervals, now);
    const timer = ` ${(seconds < 0.05 ? 0 : seconds).toFixed(1)}s\n`;
    let left = width - prefix.length - timer.length - 1;
    const showStatus = job.status !== "" && left + job.status.length > 20;
    if (showStatus) left -= job.status.length + 1;
    if (left < 12) return [];
    const status = showStatus ? ` ${job.status}` : "";
    const text = `${prefix}${cutColumns(job.name, left)}${status}`;
    const line = `${fitColumns(text, width - timer.length - 1)} ${timer}`;
    const color = job.completed ? this.#colorOf(job) : undefined;
    return [color === undefined ? line : `${color}${line}\u001b[0m`];
  }

  #colorOf(job: Job): string | undefined {
    if (job.outcome === "error") return this.#colors.error;
    return job.outcome === "cancelled" ? this.#colors.cancel : this.#colors.run;
  }
}

interface Choice {
  readonly jobs: readonly Job[];
  readonly outputs: ReadonlyMap<Job, readonly string[]>;
}
