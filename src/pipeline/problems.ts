import { CooperError } from "../kit/index.ts";

/** A position in a file, both counted from 1; columns in characters of JavaScript (UTF-16 units). */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a pipeline at one place, and how to mend it. Only errors keep it from running. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** A short name that does not change: `yaml-escape`, `bad-value`, `unknown-key`, … */
  readonly rule: string;
  /** One sentence without full stop, as those of errors. */
  readonly message: string;
  /** What to do about it; one sentence. */
  readonly fix: string;
  readonly file: string;
  readonly place: Place;
}

type Finding = Pick<Problem, "rule" | "message" | "fix" | "place">;

/** Collects the problems of one file. Reading goes on after an error, so that a user hears of all of them at once. */
export class Problems {
  readonly file: string;
  readonly #found: Problem[] = [];
  constructor(file: string) {
    this.file = file;
  }

  error(place: Place, rule: string, message: string, fix: string): void {
    this.#add("error", { place, rule, message, fix });
  }

  warn(place: Place, rule: string, message: string, fix: string): void {
    this.#add("warning", { place, rule, message, fix });
  }

  /** All of them, by place. */
  get all(): readonly Problem[] {
    return this.#found.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  }

  get hasErrors(): boolean {
    return this.#found.some(({ severity }) => severity === "error");
  }

  /** An anchor may be read many times: its problem counts once. */
  #add(severity: Problem["severity"], finding: Finding): void {
    const problem = { severity, file: this.file, ...finding };
    const same = (other: Problem) =>
      other.message === problem.message &&
      other.place.line === problem.place.line &&
      other.place.column === problem.place.column;
    if (this.#found.length < maxProblems && !this.#found.some(same)) this.#found.push(problem);
  }
}

/** Nobody reads more of them. */
const maxProblems = 200;

/** `pipeline.yml:3:7: error: sentence` and the fix below it. Ends with a newline. */
export function problemText({ severity, file, place, message, fix }: Problem): string {
  return `${file}:${place.line}:${place.column}: ${severity}: ${message}\n  fix: ${fix}\n`;
}

/** Throws `pipeline/invalid` when there is an error among them; its `details` hold all problems. */
export function throwIfInvalid(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const at = `${first.file}:${first.place.line}:${first.place.column}`;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  throw new CooperError("pipeline/invalid", `cannot use the pipeline: ${at}: ${first.message}${more}`, {
    hint: first.fix,
    details: { kind: "pipeline-problems", problems },
  });
}
