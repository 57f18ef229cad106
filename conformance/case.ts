import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One recorded case: what goes in, and what upstream made of it. Files that are absent are undefined. */
export interface Case {
  readonly name: string;
  readonly dir: string;
  readonly options: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, RecordedInput>>;
  readonly expected: Expected;
  /** All that the case says about failing; an image that is named there is one that the registry did not have. */
  readonly failures: string;
}

/** An input by value: an image for linux/amd64, or a file in scratch. */
export type RecordedInput = { readonly Image: string } | { readonly Mkfile: string; readonly Content: string };

export interface Expected {
  readonly llb: RecordedLlb | undefined;
  /** Metadata values, byte for byte. */
  readonly image: ReadonlyMap<string, string> | undefined;
  readonly warnings: readonly unknown[] | undefined;
  readonly error: string | undefined;
  readonly errorSource: readonly object[] | undefined;
}

export interface RecordedLlb {
  readonly builds: Readonly<Record<string, RecordedBuild>>;
  readonly resolves?: readonly Record<string, unknown>[];
  /** What was solved on the way, and for attestations. */
  readonly internalSolves?: readonly { readonly head: string }[];
}

export interface RecordedBuild {
  readonly head?: string;
  readonly ops?: readonly { readonly digest: string; readonly raw: string; readonly op: unknown }[];
  readonly metadata?: Readonly<Record<string, Record<string, unknown>>>;
  readonly source?: Readonly<Record<string, unknown>>;
}

/** Every case of a folder; `NAME (labs)` for what the labs channel makes of it. */
export function readCases(folder: string): Case[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isCase(join(folder, entry.name)))
    .map(({ name }) => name);
  return names.sort().flatMap((name) => {
    const dir = join(folder, name);
    const plain = readCase(name, dir, "");
    return readdirSync(dir).some((file) => file.startsWith("labs.")) ? [plain, labsCase(name, dir)] : [plain];
  });
}

function isCase(dir: string): boolean {
  return ["opts.json", "Dockerfile"].some((file) => existsSync(join(dir, file)));
}

function labsCase(name: string, dir: string): Case {
  const found = readCase(`${name} (labs)`, dir, "labs.");
  const source = "docker/dockerfile:labs";
  return { ...found, options: { ...found.options, cmdline: source, source } };
}

function readCase(name: string, dir: string, prefix: string): Case {
  const opts = (existsSync(join(dir, "opts.json")) ? readJson(join(dir, "opts.json")) : {}) as {
    opts?: Record<string, string>;
    inputs?: Record<string, RecordedInput>;
  };
  const text = (file: string) =>
    existsSync(join(dir, prefix + file)) ? readFileSync(join(dir, prefix + file), "utf8") : undefined;
  const json = (file: string) => {
    const found = text(file);
    return found === undefined ? undefined : JSON.parse(found);
  };
  const image = text("image.json");
  return {
    name,
    dir,
    options: opts.opts ?? {},
    inputs: opts.inputs ?? {},
    failures: [text("error.txt"), text("result.json")].join("\n"),
    expected: {
      llb: json("llb.json"),
      image: image === undefined ? undefined : metadataLines(image),
      warnings: json("warnings.json"),
      error: text("error.txt")?.replace(/\n$/, ""),
      errorSource: json("error-source.json"),
    },
  };
}

/** One `"key": value` a line; the value's bytes matter, so it is not parsed. */
function metadataLines(text: string): Map<string, string> {
  const lines = text.split("\n").flatMap((line) => /^"([^"]+)": (.*?),?$/.exec(line) ?? []);
  const values = new Map<string, string>();
  for (let at = 0; at < lines.length; at += 3) values.set(lines[at + 1] ?? "", lines[at + 2] ?? "");
  return values;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
