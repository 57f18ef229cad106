import { Semaphore } from "../../kit/index.ts";
import type { BlockStep } from "../contract.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import { toPlain } from "../yaml/value.ts";

/** Whoever decides at block and input steps. */
export interface Person {
  /** Goes on at all of them. */
  readonly unblock: boolean;
  /** Values of fields that were given beforehand, by key. */
  readonly fields: ReadonlyMap<string, string>;
  /** Puts a question to the terminal; undefined when nobody is there. An answer of undefined is none. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

export type Decision =
  | { readonly kind: "go on"; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: "stay"; readonly reason: string };

/** One question at a time. */
export class Gatekeeper {
  readonly #person: Person;
  readonly #terminal = new Semaphore(1);

  constructor(person: Person) {
    this.#person = person;
  }

  /** Whether to go on behind the step, with the values of its fields. */
  async decide(step: BlockStep, label: string, signal: AbortSignal): Promise<Decision> {
    const fields = fieldsOf(step);
    const { unblock, ask } = this.#person;
    if (unblock) return this.#unasked(fields);
    if (ask === undefined) return { kind: "stay", reason: "run again with --unblock to go on" };
    return await this.#terminal.run(signal, () => this.#asked(step, label, fields, signal));
  }

  #unasked(fields: readonly Field[]): Decision {
    const values = new Map<string, string>();
    for (const field of fields) {
      const value = this.#person.fields.get(field.key) ?? field.preset;
      const trouble = troubleWith(field, value);
      if (trouble !== undefined) {
        return {
          kind: "stay",
          reason: `${JSON.stringify(field.key)} ${trouble}: give it with --field ${field.key}=VALUE`,
        };
      }
      values.set(field.key, value);
    }
    return { kind: "go on", values };
  }

  async #asked(step: BlockStep, label: string, fields: readonly Field[], signal: AbortSignal): Promise<Decision> {
    const ask = async (question: string) => (await this.#person.ask?.(question, signal))?.trim();
    const about = step.prompt === undefined ? label : `${label}: ${step.prompt}`;
    const answer = await ask(`${about}\nGo on? [y/N] `);
    if (!/^y(es)?$/i.test(answer ?? "")) return { kind: "stay", reason: "nobody wants to go on" };
    const values = new Map<string, string>();
    for (const field of fields) {
      const given = this.#person.fields.get(field.key);
      const value = given ?? (await askField(field, ask));
      if (value === undefined) return { kind: "stay", reason: `there is no value for ${JSON.stringify(field.key)}` };
      values.set(field.key, value);
    }
    return { kind: "go on", values };
  }
}

/** A question of a step, Buildkite's `text` or `select`. */
interface Field {
  readonly key: string;
  readonly title: string;
  readonly hint: string;
  readonly required: boolean;
  readonly preset: string;
  /** Values that there are to choose from; empty: any text. */
  readonly options: readonly string[];
  readonly multiple: boolean;
  readonly format: string;
}

function fieldsOf({ fields }: BlockStep): Field[] {
  // A YAML value without tags is JSON.
  const list = fields === undefined ? [] : (toPlain(fields) as Json);
  if (!Array.isArray(list)) return [];
  return list.flatMap((field: Json) => (isObject(field) && typeof field.key === "string" ? [fieldOf(field)] : []));
}

function fieldOf(field: JsonObject): Field {
  const text = (name: string) => (field[name] === undefined || field[name] === null ? "" : String(field[name]));
  const options = Array.isArray(field.options) ? field.options : [];
  const preset = Array.isArray(field.default) ? field.default.map(String).join("\n") : text("default");
  return {
    key: text("key"),
    title: text("text") || text("select") || text("key"),
    hint: text("hint"),
    required: field.required !== false,
    preset,
    options: options.flatMap((option: Json) => (isObject(option) ? [String(option.value ?? option.label ?? "")] : [])),
    multiple: field.multiple === true,
    format: text("format"),
  };
}

/** What is wrong with a value; undefined when nothing is. Several choices stand on lines. */
function troubleWith({ required, options, multiple, format }: Field, value: string): string | undefined {
  if (value === "") return required ? "has no value" : undefined;
  const chosen = multiple ? value.split("\n") : [value];
  if (options.length > 0 && !chosen.every((one) => options.includes(one)))
    return `must be one of ${options.join(", ")}`;
  if (format !== "" && !new RegExp(`^(?:${format})$`).test(value)) return `must look like ${format}`;
  return undefined;
}

const triesPerField = 3;

async function askField(
  field: Field,
  ask: (question: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const choice = field.options.length === 0 ? "" : ` (${field.options.join(", ")})`;
  const several = field.multiple ? ", with a comma between" : "";
  const preset = field.preset === "" ? "" : ` [${field.preset.replaceAll("\n", ", ")}]`;
  const hint = field.hint === "" ? "" : `${field.hint}\n`;
  for (let tries = 0; tries < triesPerField; tries++) {
    const answer = await ask(`${hint}${field.title}${choice}${several}${preset}: `);
    if (answer === undefined) return undefined;
    const typed = field.multiple ? answer.split(/\s*,\s*/).join("\n") : answer;
    const value = typed === "" ? field.preset : typed;
    if (troubleWith(field, value) === undefined) return value;
  }
  return undefined;
}
