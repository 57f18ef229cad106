/** What a build in a pod finds on its root: after a kill, and of pods with other rights. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

describe("a build that is killed", () => {
  /** Nobody else's sleep. */
  const idle = `sleep ${9_700_000 + process.pid}`;
  const text = `FROM busybox\nRUN --mount=type=cache,target=/c echo x >> /c/x; (setsid ${idle} &); echo be''gun; ${idle}\n`;

  test.each([
    ["rootless", "rootless"],
    ["baseline", "chroot"],
  ] as const)("as %s leaves no process, and the next one finds the cache mount", async (rights, rung) => {
    using lab = new PodLab(rights, registry).write({
      Dockerfile: "FROM busybox\nRUN --mount=type=cache,target=/c echo first >> /c/x\n",
    });
    expect((await lab.build()).code).toBe(0);
    lab.write({ Dockerfile: text });
    // The builder is not the pod's first process here: the pod outlives it.
    const script = `"$@" 2>log & until grep -qs " begun" log; do sleep 0.1; done; kill -9 $!; for time in $(seq 300); do ps -eo args | grep -q "^${idle}" || break; sleep 0.3; done; echo "left: $(ps -eo args | grep "^${idle}")"`;
    const killed = await lab.build([], "", { inside: ["sh", "-c", script, "sh"] });
    expect(killed.log).toBe("left: \n");
    lab.write({ Dockerfile: "FROM busybox\nRUN --mount=type=cache,target=/c cp /c/x /x\n" });
    const after = await lab.build();
    expect(after.log).toContain(`isolation: ${rung}`);
    expect(after.text("x")).toBe("first\nx\n");
    expect(readdirSync(join(lab.root, "snapshots")).length).toBeLessThan(4);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(idle);
  });
});

test("one root for pods of different rights: what one deleted is deleted for the other", async () => {
  const dockerfile = `FROM busybox
RUN mkdir /d && touch /d/old /d/older
RUN rm -rf /d && mkdir /d && touch /d/new && rm /bin/vi
RUN ls /d > /listed
`;
  using first = new PodLab("privileged", registry).write({ Dockerfile: dockerfile });
  const options = { unfiltered: true, writable: [first.root] };
  using second = new PodLab("baseline", registry, options).write({ Dockerfile: dockerfile });
  const built = await first.build();
  const again = await second.build([], `--root ${first.root}`);
  const later = await first.build(["--opt", "no-cache="]);
  expect(again.log).toContain("isolation: rootless");
  expect([built, again, later].map((build) => build.text("listed"))).toEqual(["new\n", "new\n", "new\n"]);
  expect(again.tree).toEqual(built.tree);
});
