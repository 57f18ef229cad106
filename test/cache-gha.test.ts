import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { actionsToken, type FakeGha, startGha } from "./support/fake-gha.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();
let github: FakeGha;
beforeEach(async () => {
  github = await startGha();
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
});
afterEach(() => github[Symbol.asyncDispose]());

const dockerfile = `
FROM busybox AS build
COPY a.txt /in/
RUN head -c 8 /dev/urandom | od -An -tx1 > /random && cat /in/a.txt > /built
FROM busybox
COPY --from=build /built /random /out/
`;
/** The first eight digits of sha256 of \`refs/heads/main\` and of \`refs/heads/topic\`. */
const [main, topic] = ["f921bd05", "7cbb6a07"];

const place = (scopes = ["refs/heads/main"], more = "") =>
  `type=gha,url_v2=${github.url}/,token=${actionsToken(scopes)}${more}`;

describe.each([
  ["2", () => place(["refs/heads/main"], ",version=2")],
  ["1", () => `type=gha,version=1,url=${github.url}/,token=${actionsToken(["refs/heads/main"])}`],
])("the service's version %s", (_, attributes) => {
  test("brings every step to a machine that has nothing", async () => {
    const first = await here.lab.build(["--export-cache", `${attributes()},mode=max`]);
    expect(first.log).toMatch(/^#\d+ exporting to GitHub Actions Cache$/m);
    expect(first.log).toMatch(/^#\d+ writing layer sha256:\S+ .*done$/m);
    const random = readFileSync(join(first.out, "out/random"), "utf8");
    const config = JSON.parse(String(github.entries.get(`refs/heads/main index-buildkit-1-${main}#1`)));
    for (const { blob, annotations } of config.layers) {
      const { length } = github.entries.get(`refs/heads/main buildkit-blob-1-${blob}`) as Buffer;
      expect(annotations).toMatchObject({ size: length, diffID: expect.stringMatching(/^sha256:/) });
    }
    rmSync(here.lab.root, { recursive: true });
    const before = github.entries.size;
    const second = await here.lab.build(["--import-cache", attributes(), "--export-cache", `${attributes()},mode=max`]);
    expect(second.log).toMatch(/COPY a.txt \/in\/\n#\d+ CACHED/);
    expect(second.log).toMatch(/RUN head [^\n]*\n#\d+ CACHED/);
    expect(readFileSync(join(second.out, "out/random"), "utf8")).toBe(random);
    // Blobs are not written again, and an index never over another.
    expect([...github.entries.keys()].slice(before)).toEqual([`refs/heads/main index-buildkit-1-${main}#2`]);
  });
});

test("a branch reads the caches of the one that it came from, and writes its own", async () => {
  const first = await here.lab.build(["--export-cache", `${place()},mode=max`]);
  const random = readFileSync(join(first.out, "out/random"), "utf8");
  rmSync(here.lab.root, { recursive: true });
  const both = place(["refs/heads/topic", "refs/heads/main"]);
  const second = await here.lab.build(["--import-cache", both, "--export-cache", both]);
  expect(readFileSync(join(second.out, "out/random"), "utf8")).toBe(random);
  expect(github.entries.has(`refs/heads/topic index-buildkit-1-${topic}#1`)).toBe(true);
  const stranger = await here.lab.build(["--no-cache", "--import-cache", place(["refs/heads/other"])]);
  expect(readFileSync(join(stranger.out, "out/random"), "utf8")).not.toBe(random);
});

test("caches of several scopes of one's own do not know each other", async () => {
  await here.lab.build(["--export-cache", place(undefined, ",scope=app")]);
  await here.lab.build(["--export-cache", place(undefined, ",scope=site")]);
  const indexes = [...github.entries.keys()].filter((name) => name.includes("index-"));
  expect(indexes).toEqual([`refs/heads/main index-app-1-${main}#1`, `refs/heads/main index-site-1-${main}#1`]);
});

test("who is told to slow down waits, and one that somebody else is writing is waited for", async () => {
  github.slow = { times: 2, retryAfter: "0" };
  github.locked.set(`index-buildkit-1-${main}#1`, 1);
  await here.lab.build(["--export-cache", place()]);
  expect(github.entries.has(`refs/heads/main index-buildkit-1-${main}#1`)).toBe(true);
});

test("who is told to wait for longer than the timeout fails the build, unless errors are ignored", async () => {
  github.slow = { times: 1000, retryAfter: "3600" };
  const { code, log } = await here.lab.run(["--export-cache", place(undefined, ",timeout=2s")]);
  expect(code).toBe(1);
  expect(log).toContain("requested delay 3600.00s exceeds maximum timeout 2s");
  const ignored = await here.lab.run(["--export-cache", place(undefined, ",timeout=2s,ignore-error=true")]);
  expect(ignored.code).toBe(0);
});

test("what a workflow has in its environment is enough", async () => {
  Object.assign(here.lab.env, {
    ACTIONS_CACHE_SERVICE_V2: "true",
    ACTIONS_RESULTS_URL: `${github.url}/`,
    ACTIONS_RUNTIME_TOKEN: actionsToken(["refs/heads/main"]),
  });
  await here.lab.build(["--export-cache", "type=gha"]);
  expect(github.entries.has(`refs/heads/main index-buildkit-1-${main}#1`)).toBe(true);
});

test("a token that is no longer good is told before anything is built", async () => {
  const token = actionsToken(["refs/heads/main"], 1_700_000_000);
  const { code, log } = await here.lab.run(["--export-cache", `type=gha,url_v2=${github.url},token=${token}`]);
  expect(code).toBe(1);
  expect(log).toContain("failed to configure gha cache exporter: cache token expired at 2023-11-14 22:13:20 +0000 UTC");
  expect(log).not.toContain(token);
  expect(github.calls).toEqual([]);
});
