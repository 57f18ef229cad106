/**
 * Keeps the documentation true in what a program can see: every file that a page names exists, every link leads somewhere,
 * and README's map lists every page of docs/.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const places = ["src", "tools", "conformance", "test", "docs", "bin", "examples"];

/** Names of files and folders of this repository that `markdown` quotes: what ends in `.ts`, and paths from the top. */
export function quotedPaths(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  const quoted = [...prose.matchAll(/`([^`\s]+)`/g)].map((match) => match[1] ?? "");
  const fromTop = new RegExp(`^(?:${places.join("|")})/`);
  return quoted.filter((text) => /^[\w./*-]+$/.test(text) && (text.endsWith(".ts") || fromTop.test(text)));
}

/** Whether some path of `files` is `quoted`, or ends in it; `*` stands for any part of a name. */
export function isThere(quoted: string, files: ReadonlySet<string>): boolean {
  const text = quoted.replace(/\/$/, "");
  if (files.has(text)) return true;
  const pattern = text.replace(/[.+]/g, "\\$&").replaceAll("*", "[^/]*");
  const end = new RegExp(`(?:^|/)${pattern}$`);
  return [...files].some((file) => end.test(file));
}

/** Where the links of `markdown` lead within this repository, without what follows `#`. */
export function localLinks(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !target.includes("://"));
}

/** Files and folders below the top folders, as paths from the top. */
function repositoryPaths(): ReadonlySet<string> {
  const listed = places.flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: "utf8" }).map((name) => `${place}/${name}`),
  );
  return new Set([...listed, ...places]);
}

/** What is wrong with one page. */
function problemsOf(page: string, files: ReadonlySet<string>): string[] {
  const markdown = readFileSync(join(root, page), "utf8");
  const missing = quotedPaths(markdown).filter((path) => !isThere(path, files));
  const dead = localLinks(markdown).filter((target) => !existsSync(join(root, dirname(page), target)));
  return [
    ...missing.map((path) => `${page}: names \`${path}\`, which does not exist`),
    ...dead.map((target) => `${page}: links to ${target}, which does not exist`),
  ];
}

function main(): void {
  const files = repositoryPaths();
  const pages = [...files].filter((file) => /^docs\/[^/]+\.md$/.test(file)).sort();
  const problems = ["README.md", ...pages].flatMap((page) => problemsOf(page, files));
  const linked = new Set(
    localLinks(readFileSync(join(root, "README.md"), "utf8")).map((to) => relative(root, join(root, to))),
  );
  for (const page of pages) if (!linked.has(page)) problems.push(`README.md: the map does not list ${page}`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`docs: ${pages.length + 1} pages, all files and links are there`);
}

if (import.meta.main) main();
