import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dockerfileSource, parseDockerfile, parseInstructions } from "../parse/index.ts";
import { createLinter, lintConfigOf, rules } from "./index.ts";

const folder = resolve(import.meta.dirname, "../../../../docs/checks");
const names = Object.values(rules).map((rule) => rule.name);

/** The Dockerfiles of a page, by the heading that they stand under. */
function examples(page: string): Record<string, string> {
  const found = page.matchAll(/^## (\w+)\n\n```dockerfile\n((?:.|\n)*?)```/gm);
  return Object.fromEntries([...found].map(([, heading, text]) => [heading, text]));
}

/** Names of the rules that the parser alone reports. */
function findings(text: string): Set<string> {
  const source = dockerfileSource(new TextEncoder().encode(text));
  const found = new Set<string>();
  const linter = createLinter(lintConfigOf(source, undefined), ({ rule }) => found.add(rule));
  parseInstructions(parseDockerfile(source), linter);
  return found;
}

describe("docs/checks", () => {
  it("has a page for each rule, in the index too, and none for others", () => {
    const pages = readdirSync(folder).filter((name) => name !== "README.md");
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
    const index = readFileSync(join(folder, "README.md"), "utf8");
    for (const name of names) expect(index).toContain(`[${name}](${name}.md)`);
  });

  it.each(names)("%s: the page has a bad and a good example that are valid", (name) => {
    const page = readFileSync(join(folder, `${name}.md`), "utf8");
    expect(page.startsWith(`# ${name}\n`)).toBe(true);
    const { Bad = "", Good = "" } = examples(page);
    findings(Bad);
    expect(findings(Good)).not.toContain(name);
  });

  it.each(["StageNameCasing", "FromAsCasing", "MaintainerDeprecated", "InvalidDefinitionDescription"])(
    "%s: the bad example is reported",
    (name) => {
      const page = readFileSync(join(folder, `${name}.md`), "utf8");
      expect(findings(examples(page).Bad ?? "")).toEqual(new Set([name]));
    },
  );
});
