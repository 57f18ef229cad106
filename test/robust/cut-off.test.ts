import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, outcomes } from "../support/lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

/** How often a build is cut off; COOPER_CUTS=200 for a long night. */
const cuts = Number(process.env.COOPER_CUTS ?? 8);

let registry: TestRegistry;
let lab: Lab;
beforeAll(async () => {
  registry = await startRegistry();
  lab = new Lab(registry);
  const tree = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`tree/${n}`, `${n}\n`]));
  lab.write({ ...tree, Dockerfile: dockerfile });
});
afterAll(async () => {
  const left = await lab.settled();
  lab[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
  expect(left).toEqual([]);
});

const dockerfile = `
FROM busybox AS a
RUN echo a > /a && sleep 0.1
COPY tree /tree
RUN cat /tree/7 /a > /both && head -c 3000000 /dev/urandom > /big
FROM busybox AS b
RUN --mount=type=cache,target=/c echo b > /b && sleep 0.1
FROM scratch
COPY --from=a /both /big /
COPY --from=b /b /
`;

const target = () => ["--output", `type=oci,dest=${lab.folder}/out.tar`, "--metadata-file", `${lab.folder}/out.json`];
const written = () => readdirSync(lab.folder).filter((name) => name.startsWith("out."));

/** Folders that are empty when no build runs, whatever happened to the last ones. */
function expectSwept(): void {
  for (const name of ["run", "locks", "content/ingest"]) expect(readdirSync(join(lab.root, name)), name).toEqual([]);
  expect(readdirSync(join(lab.root, "executor"))).toEqual(["runtimes.json"]);
}

describe("a build that is cut off at any moment", () => {
  test("by SIGTERM or Ctrl-C ends soon, leaves nothing, and the next one goes on from there", async () => {
    for (let cut = 0; cut < cuts; cut++) {
      for (const name of written()) rmSync(join(lab.folder, name));
      const { child, done } = lab.start([...target(), ...(cut % 2 === 0 ? ["--no-cache"] : [])]);
      await pause(50 + Math.random() * 600);
      child.kill(cut % 2 === 0 ? "SIGTERM" : "SIGINT");
      const { code, log } = await done;
      if (code === 0) continue;
      // Before it listens and once all is written, the signal just ends it.
      expect(code === 1 ? [[]] : [[], ["out.json", "out.tar"]]).toContainEqual(written().sort());
      if (code === 1)
        expect(log.match(/^error: .*$/gm) ?? log).toEqual(["error: failed to solve: Canceled: context canceled"]);
      expect(await lab.settled()).toEqual([]);
    }
    expect((await lab.run(target())).code).toBe(0);
    expectSwept();
  }, 120_000);

  test("by kill -9 leaves a root on which the next one succeeds, and which does not grow", async () => {
    for (let cut = 0; cut < cuts; cut++) {
      const { child, done } = lab.start([...target(), "--no-cache"]);
      await pause(50 + Math.random() * 800);
      child.kill("SIGKILL");
      await done;
    }
    const { out } = await lab.build();
    expect(readFileSync(join(out, "both"), "utf8")).toBe("7\na\n");
    // What a builder left that was killed before its watchdog was there goes with the next step that is run.
    await lab.build(["--no-cache"]);
    expect(await lab.settled()).toEqual([]);
    expectSwept();
    const { log } = await lab.build();
    expect(new Set([...outcomes(log)].filter(([name]) => name.includes("RUN")).map(([, how]) => how))).toEqual(
      new Set(["cached"]),
    );
  }, 120_000);

  test("by two signals leaves at once, and the step ends with it", async () => {
    lab.write({ Dockerfile: `FROM busybox\nRUN trap "" INT TERM; echo started; sleep 300\n` });
    const { child, done } = lab.start(["--no-cache"]);
    let [heard, sent] = ["", false];
    child.stderr?.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
      // Once: the handlers go before the process does, and a chunk may end anywhere.
      if (sent || !/^#\d+ [\d.]+ started$/m.test(heard)) return;
      sent = true;
      // Two of a kind that nobody has taken yet would be one.
      child.kill("SIGINT");
      child.kill("SIGTERM");
    });
    expect([130, 143]).toContain((await done).code);
    expect(await lab.settled()).toEqual([]);
  });
});

test("a reader of standard output that goes away is one error", async () => {
  lab.write({ Dockerfile: "FROM busybox\n" });
  const { child, done } = lab.start(["--output", "type=tar"]);
  child.stdout?.destroy();
  const { code, log } = await done;
  expect(log.match(/^error: .*$/gm)).toEqual([expect.stringContaining("broken pipe")]);
  expect(log).not.toMatch(/^ +at /m);
  expect(code).toBe(1);
});
