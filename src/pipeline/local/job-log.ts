import { StringDecoder } from "node:string_decoder";
import type { Redactor } from "./redactor.ts";

/** A line that never ends is cut here. */
const maxLine = 1 << 20;

/** The output of one job as whole lines, secrets blanked. */
export class JobLog {
  readonly #write: (line: string) => void;
  readonly #redactor: Redactor;
  readonly #streams = new Map<string, { readonly decoder: StringDecoder; rest: string }>();
  constructor(redactor: Redactor, write: (line: string) => void) {
    this.#redactor = redactor;
    this.#write = write;
  }

  /** Bytes of one of its streams, as they come. */
  bytes(stream: string, chunk: Uint8Array): void {
    let known = this.#streams.get(stream);
    if (known === undefined) {
      known = { decoder: new StringDecoder("utf8"), rest: "" };
      this.#streams.set(stream, known);
    }
    const lines = (known.rest + known.decoder.write(Buffer.from(chunk))).split("\n");
    known.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
    if (known.rest.length > maxLine) {
      this.line(known.rest);
      known.rest = "";
    }
  }

  /** `^^^ +++` opens a group that would be folded; nothing is folded here. */
  line(line: string): void {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (text === "^^^ +++") return;
    this.#write(this.#redactor.redact(text));
  }

  /** Writes what has no newline yet. */
  end(): void {
    for (const stream of this.#streams.values()) {
      const rest = stream.rest + stream.decoder.end();
      stream.rest = "";
      if (rest !== "") this.line(rest);
    }
  }
}
