import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BuildResult, Lab, outcomes } from "../support/lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
let lab: Lab;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  lab = new Lab(registry);
});
afterEach(() => {
  expect(lab.leftovers()).toEqual([]);
  lab[Symbol.dispose]();
});

/** One error, as it reads, and its hint. */
function onlyError({ code, log }: BuildResult): string {
  expect(code, log).toBe(1);
  expect(log).not.toMatch(/^ +at /m);
  expect(log.match(/^error: /gm)).toHaveLength(1);
  return log.slice(log.search(/^error: /m));
}

describe("a runtime", () => {
  const runs = { Dockerfile: "FROM busybox\nRUN echo x > /x\n" };

  test("that is not there", async () => {
    lab.write(runs);
    const error = onlyError(await lab.run([], "--oci-worker-binary /nonexistent"));
    expect(error).toMatch(/failed to find \/nonexistent binary\nhint: .*apt-get install runc/);
  });

  test("that starts nothing has not succeeded, whatever it says", async () => {
    lab.write(runs);
    for (const binary of ["/bin/false", "/bin/true"]) {
      const error = onlyError(await lab.run([], `--oci-worker-binary ${binary}`));
      expect(error).toContain(`hint: ${binary} cannot start this container on this machine`);
    }
  });

  test("is not called when everything is cached", async () => {
    lab.write(runs);
    const wrapper = join(lab.folder, "wrapper");
    writeFileSync(wrapper, `#!/bin/sh\necho called >> ${lab.folder}/calls\nexec runc "$@"\n`, { mode: 0o755 });
    const flags = `--oci-worker-binary ${wrapper}`;
    expect((await lab.run([], flags)).code).toBe(0);
    expect(readFileSync(join(lab.folder, "calls"), "utf8")).toContain("called");
    rmSync(join(lab.folder, "calls"));
    expect((await lab.run([], flags)).code).toBe(0);
    expect(readdirSync(lab.folder)).not.toContain("calls");
  });

  test("without the right to mount takes a weaker way of isolation, or is an error that names the right", () => {
    lab.write(runs);
    const entry = join(import.meta.dirname, "../../src/cli/entry/buildctl-daemonless.ts");
    const command = ["build", "--frontend", "dockerfile.v0", "--progress=plain"];
    const locals = ["--local", `context=${lab.context}`, "--local", `dockerfile=${lab.context}`];
    const setpriv = ["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", process.execPath, entry];
    const env = { ...process.env, BUILDKITD_FLAGS: `--root ${lab.root} --config ${lab.folder}/buildkitd.toml` };
    const build = (...more: string[]) => {
      const words = [...setpriv, ...command, ...locals, ...more];
      const { status, stderr } = spawnSync("setpriv", words, { env, encoding: "utf8" });
      return { code: status, signal: null, stdout: "", log: stderr };
    };
    expect(onlyError(build("--isolation=oci"))).toMatch(
      /cannot use isolation "oci": this process has no CAP_SYS_ADMIN\nhint: .*privileged: true/,
    );
    expect(build()).toMatchObject({
      code: 0,
      log: expect.stringContaining("not oci: this process has no CAP_SYS_ADMIN"),
    });
  });
});

describe("four builds at once on an empty root", () => {
  test("of one Dockerfile run each step once, and all succeed", async () => {
    lab.write({
      Dockerfile: `FROM busybox
RUN --mount=type=cache,target=/c echo a >> /c/log && sleep 0.2
COPY f /f
RUN --mount=type=cache,target=/c echo b >> /c/log && cp /c/log /log
`,
      f: "f",
    });
    const results = await Promise.all([1, 2, 3, 4].map(() => lab.build()));
    for (const { out } of results) expect(lab.read(join(out, "log"))).toBe("a\nb\n");
  });

  test("of several Dockerfiles share what they share", async () => {
    const labs = ["1", "2", "3", "4"];
    const shared = "FROM busybox\nRUN --mount=type=cache,target=/c echo a >> /c/log && cp /c/log /log && sleep 0.2\n";
    lab.write(Object.fromEntries(labs.map((n) => [`${n}.Dockerfile`, `${shared}RUN echo ${n} > /own\n`])));
    const results = await Promise.all(labs.map((n) => lab.build(["--opt", `filename=${n}.Dockerfile`])));
    expect(results.map(({ out }) => lab.read(join(out, "own")))).toEqual(labs.map((n) => `${n}\n`));
    for (const { out } of results) expect(lab.read(join(out, "log"))).toBe("a\n");
  });
});

test("a changed mode of a file runs again just what reads the file", async () => {
  const files = { "a.txt": { text: "a", mode: 0o644 }, "b.txt": { text: "b", mode: 0o644 } };
  lab.write({ Dockerfile: "FROM busybox\nCOPY a.txt /\nRUN cat /a.txt\nCOPY b.txt /\n", ...files });
  await lab.build();
  lab.write({ "b.txt": { text: "b", mode: 0o600 } });
  const { log } = await lab.build();
  const outcome = (part: string) => [...outcomes(log)].find(([name]) => name.includes(part))?.[1];
  expect([outcome("COPY a.txt"), outcome("RUN cat"), outcome("COPY b.txt")]).toEqual(["cached", "cached", "done"]);
});
