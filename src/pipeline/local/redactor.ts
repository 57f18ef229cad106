import { compileGlob } from "../../kit/index.ts";

/** Names of variables whose values are secret: those of Buildkite's agent. */
const secretNames = [
  "*_PASSWORD",
  "*_SECRET",
  "*_TOKEN",
  "*_PRIVATE_KEY",
  "*_SSH_KEY",
  "*_ACCESS_KEY",
  "*_SECRET_KEY",
  "*_CONNECTION_STRING",
  "*_API_KEY",
].map((pattern) => compileGlob(pattern));
/** Shorter values would blank half of a log. */
const leastLength = 6;

/** Blanks secrets in lines of a log. */
export class Redactor {
  #needles: readonly string[] = [];

  /** Adds the values of variables whose names say that they are secret. */
  addVariables(env: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (secretNames.some((glob) => glob.matches(name))) this.add(value);
    }
  }

  /** A value of several lines is blanked line by line. */
  add(value: string): void {
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    const fresh = lines.filter((line) => line.length >= leastLength && !this.#needles.includes(line));
    // The longest first: one may be part of another.
    if (fresh.length > 0) this.#needles = [...this.#needles, ...fresh].sort((a, b) => b.length - a.length);
  }

  redact(line: string): string {
    let text = line;
    for (const needle of this.#needles) if (text.includes(needle)) text = text.replaceAll(needle, "[REDACTED]");
    return text;
  }
}
