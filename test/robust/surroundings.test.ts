import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outcomes } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";
import { onlyError } from "./only-error.ts";

const here = useLab();

describe("a runtime", () => {
  const runs = { Dockerfile: "FROM busybox\nRUN echo x > /x\n" };

  test("that is not there", async () => {
    here.lab.write(runs);
    const error = onlyError(await here.lab.run([], "--oci-worker-binary /nonexistent"));
    expect(error).toMatch(/failed to find \/nonexistent binary\nhint: .*apt-get install runc/);
  });

  test("that starts nothing has not succeeded, whatever it says", async () => {
    here.lab.write(runs);
    for (const binary of ["/bin/false", "/bin/true"]) {
      const error = onlyError(await here.lab.run([], `--oci-worker-binary ${binary}`));
      expect(error).toContain(`hint: ${binary} cannot start this container on this machine`);
    }
  });

  test("is not called when everything is cached", async () => {
    here.lab.write(runs);
    const wrapper = join(here.lab.folder, "wrapper");
    writeFileSync(wrapper, `#!/bin/sh\necho called >> ${here.lab.folder}/calls\nexec runc "$@"\n`, { mode: 0o755 });
    const flags = `--oci-worker-binary ${wrapper}`;
    expect((await here.lab.run([], flags)).code).toBe(0);
    expect(readFileSync(join(here.lab.folder, "calls"), "utf8")).toContain("called");
    rmSync(join(here.lab.folder, "calls"));
    expect((await here.lab.run([], flags)).code).toBe(0);
    expect(readdirSync(here.lab.folder)).not.toContain("calls");
  });

  test("without the right to mount takes a weaker way of isolation, or is an error that names the right", () => {
    here.lab.write(runs);
    const entry = join(import.meta.dirname, "../../src/cli/entry/buildctl-daemonless.ts");
    const command = ["build", "--frontend", "dockerfile.v0", "--progress=plain"];
    const locals = ["--local", `context=${here.lab.context}`, "--local", `dockerfile=${here.lab.context}`];
    const setpriv = ["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", process.execPath, entry];
    const env = {
      ...process.env,
      BUILDKITD_FLAGS: `--root ${here.lab.root} --config ${here.lab.folder}/buildkitd.toml`,
    };
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
    here.lab.write({
      Dockerfile: `FROM busybox
RUN --mount=type=cache,target=/c echo a >> /c/log && sleep 0.2
COPY f /f
RUN --mount=type=cache,target=/c echo b >> /c/log && cp /c/log /log
`,
      f: "f",
    });
    const results = await Promise.all([1, 2, 3, 4].map(() => here.lab.build()));
    for (const { out } of results) expect(here.lab.read(join(out, "log"))).toBe("a\nb\n");
  });

  test("of several Dockerfiles share what they share", async () => {
    const labs = ["1", "2", "3", "4"];
    const shared = "FROM busybox\nRUN --mount=type=cache,target=/c echo a >> /c/log && cp /c/log /log && sleep 0.2\n";
    here.lab.write(Object.fromEntries(labs.map((n) => [`${n}.Dockerfile`, `${shared}RUN echo ${n} > /own\n`])));
    const results = await Promise.all(labs.map((n) => here.lab.build(["--opt", `filename=${n}.Dockerfile`])));
    expect(results.map(({ out }) => here.lab.read(join(out, "own")))).toEqual(labs.map((n) => `${n}\n`));
    for (const { out } of results) expect(here.lab.read(join(out, "log"))).toBe("a\n");
  });
});

test("a changed mode of a file runs again just what reads the file", async () => {
  const files = { "a.txt": { text: "a", mode: 0o644 }, "b.txt": { text: "b", mode: 0o644 } };
  here.lab.write({ Dockerfile: "FROM busybox\nCOPY a.txt /\nRUN cat /a.txt\nCOPY b.txt /\n", ...files });
  await here.lab.build();
  here.lab.write({ "b.txt": { text: "b", mode: 0o600 } });
  const { log } = await here.lab.build();
  const outcome = (part: string) => [...outcomes(log)].find(([name]) => name.includes(part))?.[1];
  expect([outcome("COPY a.txt"), outcome("RUN cat"), outcome("COPY b.txt")]).toEqual(["cached", "cached", "done"]);
});
