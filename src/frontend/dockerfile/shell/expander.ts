import { CooperError } from "../../../kit/index.ts";
import type { Environment, ShellOptions } from "./lexer.ts";
import { type Substitution, substitute, unsupportedModifier } from "./modifiers.ts";
import { replacePattern } from "./pattern.ts";
import { WordSplitter } from "./splitter.ts";

/** `${…}` inside `${…}`; people nest two or three. */
const maxDepth = 200;
/** Characters that the variables of one word may add up to: upstream's limit for a whole message. */
const maxExpanded = 16 * 1024 * 1024;

interface Expanded {
  readonly result: string;
  readonly words: string[];
}

/** One pass over one word. Not reusable. */
export class Expander {
  readonly matched = new Set<string>();
  readonly unmatched = new Set<string>();
  readonly #text: string;
  readonly #env: Environment;
  readonly #options: ShellOptions;
  readonly #escape: string;
  readonly #buffer = { text: "" };
  #at = 0;
  /** Where the constructs begin that are being read. */
  readonly #open: number[] = [];
  #depth = 0;
  #expanded = 0;
  #rawEscapes: boolean;

  constructor(text: string, env: Environment, options: ShellOptions) {
    this.#text = text;
    this.#env = env;
    this.#options = options;
    this.#escape = options.escapeToken ?? "\\";
    this.#rawEscapes = options.rawEscapes === true;
    if (text.startsWith("\uFEFF")) this.#at = 1;
  }

  /** The innermost construct that was being read when it failed, as far as it was read; "" outside of any. */
  failed(): string {
    const start = this.#open.at(-1);
    return start === undefined ? "" : this.#text.slice(start, this.#at);
  }

  all(): Expanded {
    return this.#until(undefined, this.#rawEscapes);
  }

  /** Reads up to `stop`, which is consumed, or to the end. */
  #until(stop: string | undefined, rawEscapes: boolean): Expanded {
    const outer = this.#rawEscapes;
    if (++this.#depth > maxDepth) throw failure(`substitutions are nested more than ${maxDepth} deep`);
    this.#rawEscapes = rawEscapes;
    try {
      return this.#untilStop(stop);
    } finally {
      this.#rawEscapes = outer;
      this.#depth--;
    }
  }

  #untilStop(stop: string | undefined): Expanded {
    const words = new WordSplitter(this.#buffer);
    let result = "";
    while (!this.#ended()) {
      const next = this.#peek();
      if (next === stop) {
        this.#at++;
        return { result, words: words.finish() };
      }
      const special = this.#special(next);
      if (special === undefined) {
        result += this.#ordinary(words);
      } else {
        result += special;
        if (next === "$") words.addSplit(special);
        else words.addRaw(special);
      }
    }
    if (stop !== undefined) throw failure(`unexpected end of statement while looking for matching ${stop}`);
    return { result, words: words.finish() };
  }

  /** The text that a construct opened by `next` stands for; undefined when `next` opens none. */
  #special(next: string): string | undefined {
    if (next === "$") return this.#dollar();
    if (next === "<") return this.#lessThan();
    if (this.#options.skipProcessQuotes === true) return undefined;
    if (next === "'") return this.#singleQuoted();
    return next === '"' ? this.#doubleQuoted() : undefined;
  }

  /**
   * A run of plain characters, or one, or an escape token with the character that it protects. An escape token at
   * the end is dropped.
   */
  #ordinary(words: WordSplitter): string {
    const plain = this.#plainRun();
    if (plain !== "") {
      words.addSplit(plain);
      return plain;
    }
    const first = this.#take();
    if (first !== this.#escape) {
      words.addSplit(first);
      return first;
    }
    const kept = this.#rawEscapes ? first : "";
    if (kept !== "") words.addRaw(kept);
    if (this.#ended()) return kept;
    const second = this.#take();
    words.addRaw(second);
    return kept + second;
  }

  /** Characters that mean nothing anywhere: neither quote, escape token, `$` or `<`, nor an end of a `${…}` part. */
  #plainRun(): string {
    const run = this.#match(/[^$<'"\\`}/]+/y);
    this.#at += run.length;
    return run;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) {
      this.#at = this.#text.length;
      throw failure("unexpected end of statement while looking for matching single-quote");
    }
    const raw = this.#options.rawQuotes === true ? 0 : 1;
    const quoted = this.#text.slice(this.#at + raw, end + 1 - raw);
    this.#at = end + 1;
    return quoted;
  }

  #doubleQuoted(): string {
    const quote = this.#options.rawQuotes === true ? '"' : "";
    let result = quote;
    this.#at++;
    while (!this.#ended()) {
      const next = this.#peek();
      if (next === "$") {
        result += this.#dollar();
      } else if (next === '"') {
        this.#at++;
        return result + quote;
      } else {
        result += this.#quotedCharacter();
      }
    }
    throw failure("unexpected end of statement while looking for matching double-quote");
  }

  /** In double quotes the escape token protects only `"`, `$` and itself; before anything else it stays. */
  #quotedCharacter(): string {
    const first = this.#take();
    if (first !== this.#escape) return first;
    const kept = this.#rawEscapes ? first : "";
    if (this.#ended()) return kept;
    const next = this.#peek();
    return kept + (next === '"' || next === "$" || next === this.#escape ? this.#take() : first);
  }

  /** `<<` keeps the white space after it, so that a heredoc's name stays in its word. */
  #lessThan(): string {
    const start = this.#at++;
    if (this.#peek() !== "<") return "<";
    this.#at++;
    while (!this.#ended() && "\t\r ".includes(this.#peek())) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === "{") {
      this.#open.push(this.#at - 1);
      const value = this.#braced();
      this.#open.pop();
      return value;
    }
    const name = this.#name();
    if (name === "") return "$";
    const value = this.#lookUp(name);
    return value ?? (this.#options.skipUnsetEnv === true ? `$${name}` : "");
  }

  #braced(): string {
    this.#at++;
    if (this.#ended()) throw failure("syntax error: missing '}'");
    if ("{}:".includes(this.#peek())) throw failure("syntax error: bad substitution");
    const name = this.#name();
    const operator = this.#takeOr("\uFFFD");
    if (operator === "}") {
      const value = this.#lookUp(name);
      return value ?? (this.#options.skipUnsetEnv === true ? `\${${name}}` : "");
    }
    if (operator === ":") return this.#modified(name, `:${this.#takeOr("\uFFFD")}`);
    if ("+-?#%".includes(operator)) return this.#modified(name, operator);
    if (operator === "/") return this.#replaced(name);
    throw unsupportedModifier(operator);
  }

  #modified(name: string, operator: string): string {
    const isPattern = operator.endsWith("#") || operator.endsWith("%");
    if (isPattern && operator.length > 1) throw unsupportedModifier(operator);
    const word = this.#part("}", isPattern, "syntax error: missing '}'");
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.skipUnsetEnv === true) return `\${${name}${operator}${word}}`;
    const substitution: Substitution = { name, value, operator, word };
    return this.#bounded(substitute(substitution));
  }

  #replaced(name: string): string {
    const all = this.#peek() === "/";
    if (all) this.#at++;
    const pattern = this.#part("/", true, `syntax error: missing '/' in \${}`);
    const replacement = this.#part("}", true, "syntax error: missing '}'");
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.skipUnsetEnv === true) return `\${${name}/${pattern}/${replacement}}`;
    return this.#bounded(replacePattern(pattern, value ?? "", replacement, all));
  }

  /** The text up to `stop`; whatever goes wrong at the end of the input is called `missing`. */
  #part(stop: string, rawEscapes: boolean, missing: string): string {
    try {
      return this.#until(stop, rawEscapes).result;
    } catch (error) {
      throw this.#ended() ? failure(missing) : error;
    }
  }

  /** A variable's name: digits, a special parameter, or letters, digits and `_`. May be empty. */
  #name(): string {
    const ascii = this.#match(/[0-9]+|[@*#?\-$!]|[A-Za-z_][A-Za-z0-9_]*/y);
    const end = this.#at + ascii.length;
    // Unicode classes are slow to compile; few names need them.
    const isAscii = !(this.#text.charCodeAt(end) > 0x7f);
    const name = isAscii ? ascii : this.#match(/\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy);
    this.#at += name.length;
    return name;
  }

  /** What a sticky pattern matches here; "" when it does not. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? "";
  }

  #lookUp(name: string): string | undefined {
    const value = this.#env.get(name);
    (value === undefined ? this.unmatched : this.matched).add(name);
    return value === undefined ? undefined : this.#bounded(value);
  }

  #bounded(text: string): string {
    this.#expanded += text.length;
    if (this.#expanded > maxExpanded) throw failure(`variables expand to more than ${maxExpanded} characters`);
    return text;
  }

  #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0xfffd);
    this.#at += character.length;
    return character;
  }

  #takeOr(atEnd: string): string {
    return this.#ended() ? atEnd : this.#take();
  }
}

function failure(sentence: string): CooperError {
  return new CooperError("dockerfile/expansion", sentence);
}
