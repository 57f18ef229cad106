import { CooperError, decodeRaw, trim, trimStart } from "../../../kit/index.ts";
import type { SourceFile, SourceRange } from "../../contract.ts";
import { DirectiveReader } from "./directives.ts";
import { blame, type LineFailure, locate, maxFurther, withFurther } from "./errors.ts";
import { heredocsOf } from "./heredoc.ts";
import { type BareNode, parseLine, takesHeredocs } from "./line-node.ts";
import { isBlank, isComment, LineReader, trimNewline, withoutBom, withoutContinuation } from "./lines.ts";
import { type Heredoc, type LineNode, lineRanges, type ParsedFile } from "./node.ts";

/** A Dockerfile's bytes with the name that errors show. */
export function dockerfileSource(data: Uint8Array, filename = "Dockerfile"): SourceFile {
  return { filename, data, language: "Dockerfile" };
}

/**
 * Cuts a Dockerfile into logical lines: directives, comments, continuations, heredocs, flags, arguments.
 * Throws CooperErrors of the family `dockerfile/` with SourceErrorDetails: the first error, whose hint names the other
 * lines that cannot be cut. Time is linear in the file's length.
 */
export function parseDockerfile(source: SourceFile): ParsedFile {
  return new FileParser(source).parse();
}

class FileParser {
  readonly #source: SourceFile;
  readonly #lines: LineReader;
  readonly #directives = new DirectiveReader();
  readonly #nodes: LineNode[] = [];
  readonly #emptyContinuations: SourceRange[] = [];
  #escapeToken: "\\" | "`" = "\\";
  #comments: string[] = [];
  readonly #failures: LineFailure[] = [];

  constructor(source: SourceFile) {
    this.#source = source;
    this.#lines = new LineReader(decodeRaw(source.data));
  }

  parse(): ParsedFile {
    try {
      this.#read();
    } catch (error) {
      throw this.#failures[0]?.error ?? error;
    }
    const [first, ...others] = this.#failures;
    if (first !== undefined) throw withFurther(first.error, others);
    return {
      source: this.#source,
      escapeToken: this.#escapeToken,
      nodes: this.#nodes,
      emptyContinuations: this.#emptyContinuations,
    };
  }

  #read(): void {
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      const first = this.#lines.count === 1 ? withoutBom(line) : line;
      if (isComment(first)) this.#comment(first);
      else this.#instruction(first);
      if (this.#failures.length > maxFurther) return;
    }
    if (this.#nodes.length === 0 && this.#failures.length === 0)
      throw this.#failure("file with no instructions", this.#lines.count);
    if (this.#lines.tooLong) {
      throw this.#failure("dockerfile line greater than max allowed size of 65535", this.#lines.count);
    }
  }

  /** A directive, or a line that documents the next instruction. */
  #comment(line: string): void {
    if (this.#directive(trimStart(trimNewline(line)))) return;
    const comment = trim(line.slice(1));
    if (comment === "") this.#comments = [];
    else this.#comments.push(comment);
  }

  #directive(line: string): boolean {
    try {
      const directive = this.#directives.read(line);
      if (directive?.name === "escape") this.#escapeToken = escapeTokenOf(directive.line);
      return directive !== undefined;
    } catch (error) {
      // Upstream has not counted this line yet.
      const here = this.#lines.count;
      throw locate(error, this.#source, lineRanges(here - 1, 0), { lines: lineRanges(here, 0) });
    }
  }

  #instruction(first: string): void {
    const start = this.#lines.count;
    const text = trimStart(trimNewline(first));
    this.#directive(text);
    const line = this.#joined(text);
    if (line === undefined) return;
    const node = this.#parsed(line, start);
    if (node === undefined) return;
    const heredocs = this.#located(start, () => this.#heredocs(node, line));
    this.#nodes.push({ ...node, heredocs, comments: this.#comments, startLine: start, endLine: this.#lines.count });
    this.#comments = [];
  }

  /** The line cut; undefined when that fails, which is noted and thrown at the end. No such line takes heredocs. */
  #parsed(line: string, start: number): BareNode | undefined {
    try {
      return parseLine(line, this.#escapeToken);
    } catch (error) {
      const located = locate(error, this.#source, lineRanges(start, this.#lines.count));
      this.#failures.push({ line: start, error: located });
      this.#comments = [];
      return undefined;
    }
  }

  /** The logical line that begins with `first`; undefined for a blank line. */
  #joined(first: string): string | undefined {
    let piece = withoutContinuation(first, this.#escapeToken);
    if (piece === undefined) return first === "" ? undefined : first;
    const pieces = [piece];
    let hasEmptyLine = false;
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      if (isComment(line)) continue;
      if (isBlank(line)) {
        hasEmptyLine = true;
        continue;
      }
      const text = trimNewline(line);
      piece = withoutContinuation(text, this.#escapeToken);
      pieces.push(piece ?? text);
      if (piece === undefined) break;
    }
    if (hasEmptyLine) this.#emptyContinuations.push(...lineRanges(this.#lines.count, 0));
    return pieces.join("");
  }

  #heredocs(node: BareNode, line: string): Heredoc[] {
    if (!line.includes("<<") || !takesHeredocs(node)) return [];
    return heredocsOf(line).map((heredoc) => ({ ...heredoc, content: this.#body(heredoc) }));
  }

  #body(heredoc: Heredoc): string {
    const body: string[] = [];
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      const text = trimNewline(line);
      if ((heredoc.chomp ? text.replace(/^\t+/, "") : text) === heredoc.name) return body.join("");
      body.push(line);
    }
    const words = ["<<", "<<-"].flatMap((mark) =>
      ["", '"', "'"].map((quote) => `${mark}${quote}${heredoc.name}${quote}`),
    );
    throw new CooperError("dockerfile/syntax", "unterminated heredoc", blame(...words));
  }

  #located<T>(start: number, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw locate(error, this.#source, lineRanges(start, this.#lines.count));
    }
  }

  #failure(sentence: string, line: number): CooperError {
    return locate(new CooperError("dockerfile/syntax", sentence), this.#source, lineRanges(line, 0));
  }
}

function escapeTokenOf(value: string): "\\" | "`" {
  if (value === "\\" || value === "`") return value;
  throw new CooperError("dockerfile/directive", `invalid escape token '${value}' does not match \` or \\`);
}
