import { describe, expect, test } from "vitest";
import { useStage } from "../support/scenario.ts";

const flawed = `FROM busybox as base
FROM base
RUN echo $PAHT
maintainer me
`;

describe("--opt call and --opt requestid", () => {
  const stage = useStage();
  const ask = async (dockerfile: string, ...options: string[]) => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: dockerfile });
    return lab.run(options.flatMap((option) => ["--opt", option]));
  };

  test("check prints what it found, and exits with 1 when there was something", async () => {
    const { code, stdout } = await ask(flawed, "call=check");
    expect(code).toBe(1);
    expect(stdout).toContain("WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/");
    expect(stdout).toContain("'as' and 'FROM' keywords' casing do not match");
    expect(stdout).toContain("Dockerfile:1\n--------------------\n   1 | >>> FROM busybox as base");
    expect(stdout).toContain("WARNING: MaintainerDeprecated");
    expect(stdout).toContain("WARNING: ConsistentInstructionCasing");
  });

  test("check in JSON, and as upstream's request, which always exits with 0", async () => {
    const json = await ask(flawed, "call=check,format=json");
    const rules = JSON.parse(json.stdout).warnings.map(({ ruleName }: { ruleName: string }) => ruleName);
    expect([json.code, rules.sort()]).toEqual([
      1,
      ["ConsistentInstructionCasing", "FromAsCasing", "MaintainerDeprecated"],
    ]);
    const upstreams = await ask(flawed, "requestid=frontend.lint");
    expect(upstreams.code).toBe(0);
    expect(upstreams.stdout).toContain("WARNING: FromAsCasing");
  });

  test("convertllb prints the graph", async () => {
    const { code, stdout } = await ask("FROM busybox\nRUN --network=none true\n", "call=convertllb");
    expect(code).toBe(0);
    const { def, metadata } = JSON.parse(stdout);
    expect(Object.keys(metadata).length).toBe(Object.keys(def).length);
    expect(JSON.stringify(def)).toContain('"network":"NONE"');
  });

  test("check of a flawless file, and of one that does not parse", async () => {
    const fine = await ask("FROM busybox\nRUN true\n", "call=check");
    expect(fine.code).toBe(0);
    expect(fine.stdout).not.toContain("WARNING");
    const broken = await ask("FROM scratch AS base\nFROM scratch as other\nBADCMD\n", "call=check,format=json");
    expect(broken.code).toBe(1);
    const { buildError, warnings } = JSON.parse(broken.stdout);
    expect(buildError.message).toBe("dockerfile parse error on line 3: unknown instruction: BADCMD");
    expect(warnings.map(({ ruleName }: { ruleName: string }) => ruleName)).toEqual(["FromAsCasing"]);
  });

  test("checks warn during a build, may be left out, and may be errors", async () => {
    const warned = await ask(flawed);
    expect(warned.code).toBe(0);
    expect(warned.log).toContain("FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)");
    const left = await ask(`# check=skip=FromAsCasing,ConsistentInstructionCasing\n${flawed}`);
    expect(left.log).not.toContain("FromAsCasing:");
    expect(left.log).toContain("MaintainerDeprecated:");
    const fatal = await ask(flawed, "build-arg:BUILDKIT_DOCKERFILE_CHECK=error=true");
    expect(fatal.code).toBe(1);
    expect(fatal.log).toContain(
      "lint violation found for rules: ConsistentInstructionCasing, FromAsCasing, MaintainerDeprecated",
    );
  });

  test("outline tells arguments, secrets and agents of a target", async () => {
    const dockerfile = `
ARG inherited=box
ARG unused=abc
# sfx is a suffix
ARG sfx=usy\${inherited}
FROM b\${sfx} AS first
# BAR is a number
ARG BAR=456
RUN --mount=type=secret,target=/etc/pass,required=true --mount=type=ssh true
FROM busybox AS second
RUN --mount=type=secret,id=unused true
# target makes the image
FROM first AS target
RUN --mount=type=secret,id=second\${BAR} --mount=type=ssh,id=ssh3,required true
FROM second
`;
    const options = ["target=target", "build-arg:BAR=678"];
    const { code, stdout } = await ask(dockerfile, "call=outline,format=json", ...options);
    expect(code).toBe(0);
    const outline = JSON.parse(stdout);
    expect(outline).toMatchObject({
      name: "target",
      description: "makes the image",
      args: [
        { name: "inherited", value: "box" },
        { name: "sfx", value: "usybox", description: "is a suffix" },
        { name: "BAR", value: "678", description: "is a number" },
      ],
      secrets: [{ name: "pass", required: true }, { name: "second678" }],
      ssh: [{ name: "default" }, { name: "ssh3", required: true }],
    });
    const text = await ask(dockerfile, "call=outline", ...options);
    expect(text.stdout).toMatch(/^TARGET:\s+target$/m);
    expect(text.stdout).toMatch(/^BAR\s+678\s+is a number$/m);
  });

  test("targets lists the stages", async () => {
    const dockerfile = `
# build defines stage for compiling the binary
FROM busybox AS build
RUN true
FROM busybox
# binary returns the compiled binary
FROM build AS binary
`;
    const { code, stdout } = await ask(dockerfile, "requestid=frontend.targets");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^build\s+defines stage for compiling the binary$/m);
    expect(stdout).toMatch(/^binary \(default\)\s+returns the compiled binary$/m);
    const { targets } = JSON.parse((await ask(dockerfile, "call=targets,format=json")).stdout);
    expect(targets).toMatchObject([
      { name: "build", base: "busybox" },
      { base: "busybox" },
      { name: "binary", default: true },
    ]);
  });

  test("describe lists the questions; others are refused", async () => {
    const { stdout } = await ask("FROM scratch\n", "call=describe,format=json");
    const names = JSON.parse(stdout).map(({ Name, name = Name }: { Name: string; name?: string }) => name);
    expect(names).toEqual(["frontend.outline", "frontend.targets", "frontend.subrequests.describe"]);
    const unknown = await ask("FROM scratch\n", "requestid=frontend.subrequests.notexist");
    expect([unknown.code, unknown.log]).toEqual([1, expect.stringContaining("frontend.subrequests.notexist")]);
    const caps = await ask("FROM scratch\n", "frontend.caps=moby.buildkit.frontend.notexistcap");
    expect([caps.code, caps.log]).toEqual([1, expect.stringContaining("moby.buildkit.frontend.notexistcap")]);
  });
});
