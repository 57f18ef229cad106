import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Lab, outcomes } from "./support/lab.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();

describe("a build that is killed", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "with %s ends the step, unmounts, and keeps what was done",
    async (signal) => {
      here.lab.write({ Dockerfile: "FROM busybox\nRUN echo done > /done\nRUN echo started && sleep 300\n" });
      const { child, done } = here.lab.start();
      let log = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        // Once: a second signal would end it without waiting.
        if (/#\d+ [\d.]+ started/.test(log) && !child.killed) child.kill(signal);
      });
      const result = await done;
      expect(result.code).not.toBe(0);
      expect(result.log).toMatch(/CANCELED/);
      expect(await here.lab.settled()).toEqual([]);
      here.lab.write({ Dockerfile: "FROM busybox\nRUN echo done > /done\n" });
      const again = await here.lab.build();
      expect([...outcomes(again.log)].find(([name]) => name.includes("RUN"))?.[1]).toBe("cached");
    },
  );
});

describe("two builds at once on one root", () => {
  test("both succeed and do the same step once", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /id && sleep 0.5\n" });
    const results = await Promise.all([here.lab.build(), here.lab.build(), here.lab.build()]);
    const ids = results.map(({ out }) => here.lab.read(join(out, "id")));
    expect(new Set(ids).size).toBe(1);
    expect(await here.lab.settled()).toEqual([]);
  });
});

describe("an image that was built", () => {
  test("is accepted by skopeo and umoci, and says what the Dockerfile says", async () => {
    here.lab.write({ Dockerfile: `FROM busybox\nRUN echo x > /x\nENV A=b\nCMD ["cat","/x"]\n` });
    const { code, log } = await here.lab.run(["--output", `type=oci,dest=${here.lab.folder}/out.tar`]);
    expect(code, log).toBe(0);
    const layout = join(here.lab.folder, "layout");
    execFileSync("skopeo", ["copy", "--quiet", `oci-archive:${here.lab.folder}/out.tar`, `oci:${layout}:app`]);
    const config = JSON.parse(
      execFileSync("skopeo", ["inspect", "--config", `oci:${layout}:app`], { encoding: "utf8" }),
    );
    expect(config.config.Cmd).toEqual(["cat", "/x"]);
    expect(config.config.Env).toContain("A=b");
    expect(config.rootfs.diff_ids).toHaveLength(2);
    execFileSync("umoci", ["unpack", "--image", `${layout}:app`, join(here.lab.folder, "bundle")], { stdio: "pipe" });
    expect(readFileSync(join(here.lab.folder, "bundle/rootfs/x"), "utf8")).toBe("x\n");
  });

  test("can be pushed and be the base of the next one", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN echo base > /base\n" });
    const name = `${here.registry.host}/made/base:1`;
    const pushed = await here.lab.run(["--output", `type=image,name=${name},push=true`]);
    expect(pushed.code, pushed.log).toBe(0);
    using other = new Lab(here.registry);
    other.write({ Dockerfile: `FROM ${name}\nRUN cat /base > /copy\n` });
    const { out } = await other.build();
    expect(other.read(join(out, "copy"))).toBe("base\n");
  });
});
