import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { describeScenarios, folderOf, play, useStage } from "../support/scenario.ts";

describeScenarios("ONBUILD in one Dockerfile", {
  "runs in the stage that stands on it": {
    dockerfile: `
FROM busybox AS base
ONBUILD RUN mkdir -p /out && echo -n 11 >> /out/foo
FROM base AS mid
RUN cp /out/foo /out/bar
FROM scratch
COPY --from=mid /out/bar /
`,
    holds: { bar: "11" },
  },

  "copies from stages": {
    dockerfile: `
FROM busybox AS src
RUN mkdir -p /in && echo -n 12 > /in/file
FROM busybox AS base
ONBUILD COPY --from=src /in/file /out/foo
FROM base AS mid
RUN cp /out/foo /out/bar
FROM scratch
COPY --from=mid /out/bar /
`,
    holds: { bar: "12" },
  },
});

describe("ONBUILD of an image", () => {
  const stage = useStage();
  const pushed = async (name: string, dockerfile: string) => {
    const { lab, registry } = stage();
    const full = `${registry.host}/onbuild/${name}`;
    lab.clear().write({ Dockerfile: dockerfile });
    await lab.push(full);
    return full;
  };

  test("runs in the child, and not in the child's child", async () => {
    const base = await pushed("cleared:base", "FROM busybox\nONBUILD RUN mkdir -p /out && echo -n 11 >> /out/foo\n");
    const child = await pushed("cleared:child", `FROM ${base}\n`);
    const dockerfile = `FROM ${child} AS base\nFROM scratch\nCOPY --from=base /out /\n`;
    await play({ dockerfile, holds: { foo: "11" } }, stage().lab);
    const config = (await stage().lab.image(["--opt", "target=base"])).config;
    expect(config.config.OnBuild ?? null).toBeNull();
  });

  test("does not run again in a stage that stands on the child's stage", async () => {
    const base = await pushed("stage:base", "FROM busybox\nONBUILD RUN mkdir -p /out && echo -n yes >> /out/didrun\n");
    const dockerfile = `
FROM ${base} AS base
RUN [ -f /out/didrun ] && touch /step1
RUN rm /out/didrun
FROM base AS child
RUN [ ! -f /out/didrun ] && touch /step2
FROM scratch
COPY --from=child /step* /
`;
    await play({ dockerfile, holds: { "/": { names: ["step1", "step2"] } } }, stage().lab);
  });

  test("brings in images and stages that the child does not name", async () => {
    const base = await pushed("deps:base", "FROM busybox\nONBUILD COPY --from=busybox /etc/passwd /out/passwd\n");
    const chained = `FROM ${base} AS base\nRUN cp /out/passwd /out/passwd2\nFROM scratch\nCOPY --from=base /out /\n`;
    await play({ dockerfile: chained, holds: { "/": { names: ["passwd", "passwd2"] } } }, stage().lab);
    const second = await pushed(
      "deps:base2",
      "FROM busybox\nONBUILD RUN --mount=type=bind,target=/in,from=inputstage mkdir /out && cat /in/foo > /out/bar && cp /in/out/passwd /out/bar2\n",
    );
    const dockerfile = `
FROM ${base} AS inputstage
RUN echo -n foo > /foo
FROM ${second} AS base
RUN echo -n bar3 > /out/bar3
FROM scratch
COPY --from=base /out /
`;
    await play({ dockerfile, holds: { bar: "foo", bar3: "bar3", bar2: { mode: 0o644 } } }, stage().lab);
  });

  test("shares cache mounts with the child", async () => {
    const base = await pushed(
      "cache:base",
      "FROM busybox\nONBUILD RUN --mount=type=cache,target=/cache echo -n 42 >> /cache/foo && echo -n 11 >> /bar\n",
    );
    const dockerfile = `FROM ${base}\nRUN --mount=type=cache,target=/cache cat /cache/foo /bar > /out\n`;
    await play({ dockerfile, holds: { out: "4211" } }, stage().lab);
  });

  test("works for a named context that is an OCI layout", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM busybox\nONBUILD COPY --from=otherstage /testfile /out/foo\n" });
    const layout = folderOf(lab, "layout");
    const { code } = await lab.run(["--output", `type=oci,tar=false,dest=${layout}`]);
    expect(code).toBe(0);
    const index = JSON.parse(execFileSync("cat", [`${layout}/index.json`], { encoding: "utf8" }));
    lab.write({
      Dockerfile:
        'FROM busybox AS otherstage\nRUN echo -n "hello" > /testfile\nFROM base AS inputstage\nFROM scratch\nCOPY --from=inputstage /out/foo /bar\n',
    });
    const context = `context:base=oci-layout:one@${index.manifests[0].digest}`;
    const { out } = await lab.build(["--opt", context, "--oci-layout", `one=${layout}`]);
    expect(lab.read(`${out}/bar`)).toBe("hello");
  });
});
