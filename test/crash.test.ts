import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Lab, outcomes } from "./support/lab.ts";
import { startRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let lab: Lab;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  lab = new Lab(registry);
});
afterEach(() => lab[Symbol.dispose]());

const dockerfile = `
FROM busybox AS a
RUN echo a > /a && sleep 0.2
COPY file /file
RUN cat /file /a > /both
FROM busybox AS b
RUN --mount=type=cache,target=/c echo b > /b && sleep 0.1
FROM scratch
COPY --from=a /both /
COPY --from=b /b /
`;

async function settled(): Promise<string[]> {
  for (let tries = 0; tries < 300; tries++) {
    const left = lab.leftovers();
    if (left.length === 0) return left;
    await pause(100);
  }
  return lab.leftovers();
}

describe("a build that is killed", () => {
  test("at any moment leaves a root on which the next build succeeds", async () => {
    lab.write({ Dockerfile: dockerfile, file: "content" });
    for (const moment of [60, 150, 300, 450, 600, 800]) {
      const { child, done } = lab.start(["--output", `type=oci,dest=${lab.folder}/out.tar`]);
      await pause(moment + Math.random() * 60);
      child.kill("SIGKILL");
      await done;
    }
    const { out } = await lab.build();
    expect(lab.read(join(out, "both"))).toBe("contenta\n");
    expect(lab.read(join(out, "b"))).toBe("b\n");
    expect(await settled()).toEqual([]);
  }, 60_000);

  test.each(["SIGINT", "SIGTERM"] as const)(
    "with %s ends the step, unmounts, and keeps what was done",
    async (signal) => {
      lab.write({ Dockerfile: "FROM busybox\nRUN echo done > /done\nRUN echo started && sleep 300\n" });
      const { child, done } = lab.start();
      let log = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        // Once: a second signal would end it without waiting.
        if (/#\d+ [\d.]+ started/.test(log) && !child.killed) child.kill(signal);
      });
      const result = await done;
      expect(result.code).not.toBe(0);
      expect(result.log).toMatch(/CANCELED/);
      expect(await settled()).toEqual([]);
      lab.write({ Dockerfile: "FROM busybox\nRUN echo done > /done\n" });
      const again = await lab.build();
      expect([...outcomes(again.log)].find(([name]) => name.includes("RUN"))?.[1]).toBe("cached");
    },
  );
});

describe("two builds at once on one root", () => {
  test("both succeed and do the same step once", async () => {
    lab.write({ Dockerfile: "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /id && sleep 0.5\n" });
    const results = await Promise.all([lab.build(), lab.build(), lab.build()]);
    const ids = results.map(({ out }) => lab.read(join(out, "id")));
    expect(new Set(ids).size).toBe(1);
    expect(await settled()).toEqual([]);
  });
});

describe("an image that was built", () => {
  test("is accepted by skopeo and umoci, and says what the Dockerfile says", async () => {
    lab.write({ Dockerfile: `FROM busybox\nRUN echo x > /x\nENV A=b\nCMD ["cat","/x"]\n` });
    const { code, log } = await lab.run(["--output", `type=oci,dest=${lab.folder}/out.tar`]);
    expect(code, log).toBe(0);
    const layout = join(lab.folder, "layout");
    execFileSync("skopeo", ["copy", "--quiet", `oci-archive:${lab.folder}/out.tar`, `oci:${layout}:app`]);
    const config = JSON.parse(
      execFileSync("skopeo", ["inspect", "--config", `oci:${layout}:app`], { encoding: "utf8" }),
    );
    expect(config.config.Cmd).toEqual(["cat", "/x"]);
    expect(config.config.Env).toContain("A=b");
    expect(config.rootfs.diff_ids).toHaveLength(2);
    execFileSync("umoci", ["unpack", "--image", `${layout}:app`, join(lab.folder, "bundle")], { stdio: "pipe" });
    expect(readFileSync(join(lab.folder, "bundle/rootfs/x"), "utf8")).toBe("x\n");
  });

  test("can be pushed and be the base of the next one", async () => {
    lab.write({ Dockerfile: "FROM busybox\nRUN echo base > /base\n" });
    const name = `${registry.host}/made/base:1`;
    const pushed = await lab.run(["--output", `type=image,name=${name},push=true`]);
    expect(pushed.code, pushed.log).toBe(0);
    using other = new Lab(registry);
    other.write({ Dockerfile: `FROM ${name}\nRUN cat /base > /copy\n` });
    const { out } = await other.build();
    expect(other.read(join(out, "copy"))).toBe("base\n");
  });
});
