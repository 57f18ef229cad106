import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../../kit/index.ts";
import { createRegistryClient, type RegistryClient } from "../../../registry/index.ts";
import { MemoryRegistry } from "../../../registry/testing/index.ts";
import { openWorkbench, type Workbench } from "../../testing/workbench.ts";
import { SourceAnswers } from "../answers.ts";
import { gitAttributes } from "./attributes.ts";
import { bundleRef } from "./bundle.ts";
import { gitSource } from "./git-op.ts";

let bench: Workbench;
let registry: MemoryRegistry;
let client: RegistryClient;

beforeAll(async () => {
  bench = await openWorkbench();
  registry = await MemoryRegistry.start();
  client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

function git(cwd: string, ...args: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...identity, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** A repository of two commits and a tag, and its bundle in the registry. */
function repository(name: string, ...format: string[]) {
  const folder = join(bench.folder, name);
  mkdirSync(folder);
  git(folder, "init", "-q", ...format);
  const commits = ["1", "2"].map((text) => {
    writeFileSync(join(folder, "a.txt"), text);
    git(folder, "add", ".");
    git(folder, "commit", "-qm", text);
    return git(folder, "rev-parse", "HEAD");
  });
  git(folder, "tag", "-a", "v1", "-m", "first", "HEAD~1");
  const file = join(bench.folder, `${name}.bundle`);
  git(folder, "bundle", "create", "-q", file, "--all");
  const { digest } = registry.addBlob(name, readFileSync(file));
  const [first = "", second = ""] = commits;
  return {
    remote: `https://${name}.invalid/r.git`,
    bundle: `docker-image+blob://${registry.host}/${name}@${digest}`,
    first,
    second,
  };
}

/** The remotes are nowhere: all has to come from bundles. */
async function checkedOut(
  from: ReturnType<typeof repository>,
  ref: string,
  checksum: string,
  more: Record<string, string> = {},
) {
  const attrs = { "git.fullurl": from.remote, "git.bundle": from.bundle, "git.checksum": checksum, ...more };
  const op = gitSource(`git://x${ref}`, new Map(Object.entries(attrs)), bench.storage, new SourceAnswers(), client);
  await op.recipe(bench.scope());
  const [ref_] = await op.execute([], bench.scope());
  return ref_;
}
const textOf = async (...args: Parameters<typeof checkedOut>) => (await bench.show(await checkedOut(...args)))["a.txt"];

describe("commits that come in a bundle", () => {
  test("are found by branch, tag and id, and kept", async () => {
    const app = repository("app");
    expect(await textOf(app, "#main", app.second)).toContain(" 2");
    expect(await textOf(app, "#v1", app.first)).toContain(" 1");
    expect(await textOf(app, `#${app.first}`, app.first)).toContain(" 1");
    const gone = { ...app, bundle: `docker-image+blob://${registry.host}/app@${sha256("gone")}` };
    expect(await textOf(gone, "", app.second)).toContain(" 2");
  });

  test("may be of SHA-256", async () => {
    const app = repository("modern", "--object-format=sha256");
    expect(await textOf(app, "#main", app.second)).toContain(" 2");
  });

  test("have to be in it, and to be those that are pinned", async () => {
    const [one, other] = [repository("one"), repository("two", "--object-format=sha256")];
    await expect(checkedOut(one, "", other.second)).rejects.toThrow(`commit ${other.second} not found in bundle`);
    await expect(checkedOut(one, "#main", one.first)).rejects.toThrow(`expected checksum to match ${one.first}`);
    const gone = { ...one, bundle: `docker-image+blob://${registry.host}/app@${sha256("gone")}` };
    await expect(checkedOut(gone, "#main", one.second)).rejects.toThrow("failed to fetch git bundle");
  });
});

test("a bundle has the commit with all before it under its own ref, also after a shallow checkout", async () => {
  const app = repository("made");
  expect(await textOf(app, "#main", app.second)).toContain(" 2");
  const made = await checkedOut(app, "#main", app.second, { "git.checkoutbundle": "true" });
  const copy = join(bench.folder, "copy");
  mkdirSync(copy);
  git(copy, "init", "-q", "--bare");
  await bench.look(made, (path) => git(copy, "fetch", "-q", join(path, "bundle"), "+refs/*:refs/*"));
  expect(git(copy, "for-each-ref", "--format=%(refname) %(objectname)")).toBe(`refs/heads/main ${app.second}`);
  expect(git(copy, "rev-list", "main").split("\n")).toEqual([app.second, app.first]);
});

test.each([
  ["", "refs/heads/main"],
  ["a".repeat(40), "refs/heads/main"],
  ["v1", "refs/heads/v1"],
  ["refs/heads/a/b", "refs/heads/a/b"],
  ["refs/tags/v1", "refs/tags/v1"],
])("a bundle's ref for %j is %s", (ref, name) => {
  expect(bundleRef(ref)).toBe(name);
});

const bundle = { "git.bundle": `docker-image+blob://r/b@${sha256("")}`, "git.checksum": "a".repeat(40) };
test.each([
  [{ "git.bundle": "b" }, 'failed to parse git.bundle locator "b": missing scheme'],
  [{ "git.bundle": "https://b" }, 'scheme "https" is not supported; expected "docker-image+blob" or "oci-layout+blob"'],
  [{ ...bundle, "git.checksum": "" }, "git.bundle requires git.checksum to be set"],
  [{ ...bundle, "git.checksum": "abc" }, "requires a full commit SHA checksum"],
  [{ "git.checkoutbundle": "true", "git.keepgitdir": "true" }, "incompatible with git.keepgitdir"],
  [{ "git.fetchbycommit": "true" }, "fetch-by-commit requires a checksum or a commit SHA ref"],
  [{ "git.fetchbycommit": "true", "git.checksum": "abc" }, 'requires a full commit SHA checksum, got "abc"'],
])("what cannot be is refused: %j", (attrs, message) => {
  expect(() => gitAttributes("git://x", new Map(Object.entries(attrs)))).toThrow(message);
});
