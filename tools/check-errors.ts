/**
 * Holds docs/errors.md and the sources together: every code of an error stands on the page and every code on the page is
 * in use; a comment names only codes that exist; a sentence that is a literal ends without a full stop.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A code and where it stands. */
export interface Found {
  readonly code: string;
  readonly place: string;
}

/** A family of codes is a room, or the language of Dockerfiles. */
export function familiesOf(rooms: readonly string[]): RegExp {
  return new RegExp(`^(?:${[...rooms, "dockerfile"].join("|")})/[a-z][a-z0-9-]*$`);
}

/** The codes that stand in `source` as string literals. */
export function codesIn(source: string, families: RegExp): string[] {
  return [...source.matchAll(/"([^"\n]*)"/g)].map((match) => match[1] ?? "").filter((text) => families.test(text));
}

/** The codes that comments of `source` name in backquotes; folders of rooms (`ops/file`) look the same and are left out. */
export function namedIn(source: string, families: RegExp, folders: ReadonlySet<string>): string[] {
  const comments = source.match(/\/\*\*[\s\S]*?\*\/|\/\/.*/g) ?? [];
  const quoted = comments.flatMap((comment) => [...comment.matchAll(/`([^`\s]+)`/g)].map((match) => match[1] ?? ""));
  return quoted.filter((text) => families.test(text) && !folders.has(text));
}

/** The codes in the first column of the tables of `markdown`, in order. */
export function codesOnPage(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? "");
}

/** Sentences of errors in `source` that are literals and end with a full stop. */
export function fullStops(source: string): string[] {
  const literal = /new CooperError\(\s*"[^"]+",\s*(?:"([^"\n]*)"|`([^`]*)`)/g;
  const sentences = [...source.matchAll(literal)].map((match) => match[1] ?? match[2] ?? "");
  return sentences.filter((sentence) => /[^.]\.$/.test(sentence));
}

/** What is wrong, one line each. */
export function judge(used: readonly Found[], named: readonly Found[], page: readonly string[]): string[] {
  const inUse = new Set(used.map(({ code }) => code));
  const listed = new Set(page);
  const missing = used.filter(({ code }) => !listed.has(code));
  const unknown = named.filter(({ code }) => !inUse.has(code));
  return [
    ...missing.map(({ code, place }) => `${place}: code "${code}" is not in docs/errors.md`),
    ...[...listed].filter((code) => !inUse.has(code)).map((code) => `docs/errors.md: no error has the code "${code}"`),
    ...page.filter((code, at) => page.indexOf(code) < at).map((code) => `docs/errors.md: "${code}" stands there twice`),
    ...unknown.map(({ code, place }) => `${place}: a comment names the code "${code}", which no error has`),
  ];
}

function main(): void {
  const root = resolve(import.meta.dirname, "..");
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).sort();
  const families = familiesOf(names.filter((name) => /^[a-z]+$/.test(name)));
  const files = names.filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("/testing/"),
  );
  const used: Found[] = [];
  const named: Found[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const source = readFileSync(join(root, "src", file), "utf8");
    const place = `src/${file}`;
    used.push(...codesIn(source, families).map((code) => ({ code, place })));
    named.push(...namedIn(source, families, new Set(names)).map((code) => ({ code, place })));
    problems.push(...fullStops(source).map((sentence) => `${place}: "${sentence}" ends with a full stop`));
  }
  const page = codesOnPage(readFileSync(join(root, "docs/errors.md"), "utf8"));
  problems.push(...judge(used, named, page));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`errors: ${page.length} codes, all of them in use and on the page`);
}

if (import.meta.main) main();
