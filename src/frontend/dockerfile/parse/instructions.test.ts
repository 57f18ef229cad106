import { describe, expect, it } from "vitest";
import { parseTrigger } from "./instructions.ts";
import { lineRanges } from "./node.ts";
import { errorOf, fileOf, instructionsOf, stagesOf } from "./testing.ts";

const first = (...lines: string[]) => instructionsOf(...lines)[0];

describe("parseInstructions() makes stages", () => {
  it("of FROM lines and what follows, with ARGs before them apart", () => {
    const { stages, metaArgs } = stagesOf(
      "ARG V=1\n# Build compiles\nFROM --platform=$P base:$V As Build\nARG W\n# build the tool\nfrom build\nrun x\n",
    );
    expect(metaArgs.map((arg) => arg.args)).toEqual([[{ key: "V", value: "1", docComment: "" }]]);
    expect(stages).toMatchObject([
      { name: "FROM", baseName: "base:$V", stageName: "build", platform: "$P", docComment: "" },
      { name: "from", baseName: "build", stageName: "", platform: "" },
    ]);
    expect(stages.map((stage) => stage.instructions.map(({ name }) => name))).toEqual([["ARG"], ["run"]]);
    expect(stages[0]?.code).toBe("FROM --platform=$P base:$V As Build");
  });

  it("and finds descriptions", () => {
    const { stages } = stagesOf("# build makes it\nFROM a AS build\n# other\n# X is x\nARG X Y=2\n");
    expect(stages[0]?.docComment).toBe("makes it");
    expect(stages[0]?.instructions[0]).toMatchObject({
      args: [
        { key: "X", value: undefined, docComment: "is x" },
        { key: "Y", value: "2", docComment: "" },
      ],
    });
  });
});

describe("parseInstructions() reads COPY and ADD", () => {
  it("with all flags", () => {
    const flags = "--from=b --chown=u:g --chmod=u+x --link --parents=true --exclude=*.o --exclude=x";
    expect(first(`COPY ${flags} a b /c/`)).toMatchObject({
      kind: "copy",
      from: "b",
      chown: "u:g",
      chmod: "u+x",
      link: true,
      parents: true,
      excludePatterns: ["*.o", "x"],
      sourcePaths: ["a", "b"],
      destPath: "/c/",
    });
    expect(first("ADD --checksum=sha256:1 --unpack=false --keep-git-dir --link=false a b")).toMatchObject({
      kind: "add",
      checksum: "sha256:1",
      unpack: false,
      keepGitDir: true,
      link: false,
    });
    expect(first("ADD a b")).toMatchObject({ unpack: undefined, keepGitDir: undefined });
  });

  it("with heredocs as sources; of two with one name the last body counts for both", () => {
    expect(first("COPY a <<F <<-'G' /d\nf$x\nF\n\t\tg\n\tG")).toMatchObject({
      sourcePaths: ["a"],
      sourceContents: [
        { path: "F", data: "f$x\n", expand: true },
        { path: "G", data: "g\n", expand: false },
      ],
    });
    expect(first("COPY <<F <<F /d\n1\nF\n2\nF")).toMatchObject({ sourceContents: [{ data: "2\n" }, { data: "2\n" }] });
  });
});

describe("parseInstructions() reads the rest", () => {
  it.each([
    ["RUN", { cmdLine: [], prependShell: true, network: "default", security: "sandbox", mountFlags: [] }],
    ['RUN ["a", "b"]', { cmdLine: ["a", "b"], prependShell: false }],
    [
      "RUN --network=none --security=insecure --device=v/c=n,required x",
      {
        network: "none",
        security: "insecure",
        devices: [{ name: "v/c=n", required: true }],
        flagsUsed: ["network", "security", "device"],
      },
    ],
    [
      "RUN --mount=from=b,target=/x --mount=type=$T x",
      {
        mountFlags: [
          { text: "from=b,target=/x", from: "b" },
          { text: "type=$T", from: "" },
        ],
      },
    ],
    ["CMD a b", { cmdLine: ["a b"], prependShell: true }],
    ["ENTRYPOINT []", { cmdLine: [], prependShell: false }],
    ["ENV a b", { env: [{ key: "a", value: "b", noDelim: true }] }],
    [
      "LABEL a=b c='d e'",
      {
        labels: [
          { key: "a", value: "b", noDelim: false },
          { key: "c", value: "'d e'", noDelim: false },
        ],
      },
    ],
    ["EXPOSE 90 80/tcp", { ports: ["80/tcp", "90"] }],
    ['VOLUME [" /a ", "/b"]', { volumes: ["/a", "/b"] }],
    ["USER a b", { user: "a b" }],
    ["WORKDIR /a b", { path: "/a b" }],
    ["STOPSIGNAL --x 9", { signal: "9" }],
    ['SHELL ["sh", "-c"]', { shell: ["sh", "-c"] }],
    ["MAINTAINER a <b@c>", { maintainer: "a <b@c>" }],
    [
      "HEALTHCHECK --x NONE",
      { health: { test: ["NONE"], interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 } },
    ],
    [
      "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=2ms --start-interval=1h --retries=3 cmd a b",
      {
        health: {
          test: ["CMD-SHELL", "a b"],
          interval: 90e9,
          timeout: 1.5e9,
          startPeriod: 2e6,
          startInterval: 3600e9,
          retries: 3,
        },
      },
    ],
    ["ONBUILD  run a", { expression: "run a" }],
    ["ONBUILD COPY <<E /x\nb\nE", { expression: "COPY <<E /x\nb\nE" }],
  ])("%s", (line, expected) => expect(first(line)).toMatchObject(expected));
});

describe("parseInstructions() refuses", () => {
  const prefix = "dockerfile parse error on line 2: ";
  it.each([
    ["RUNN x", "unknown instruction: RUNN (did you mean RUN?)"],
    ["runn x", "unknown instruction: runn (did you mean run?)"],
    ["XYZZY", "unknown instruction: XYZZY"],
    ["COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"],
    ["COPY --chwon=a b c", "unknown flag: --chwon (did you mean chown?)"],
    ["COPY --from=a --from=b c d", "duplicate flag specified: --from"],
    ["COPY --from b c d", "missing a value on flag: --from"],
    ["COPY --link= a b", "missing a value on flag: --link"],
    ["COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"],
    ["COPY --constructor=1 a b", "unknown flag: --constructor"],
    ["COPY a <<E\nE", "COPY cannot accept a heredoc as a destination"],
    ["RUN --mount=from=$X y", "'from' doesn't support variable expansion, define alias stage instead"],
    [
      'RUN --mount=\\"a y',
      'failed to parse csv mounts: parse error on line 1, column 2: extraneous or missing " in quoted-field',
    ],
    ["RUN --network=lan x", 'invalid network mode "lan"'],
    ["RUN --network= x", 'invalid network mode ""'],
    ["RUN --security=none x", 'security "none" is not valid'],
    ["RUN --device=a,b x", "invalid field 'b' must be a key=value pair"],
    ["RUN --device=name=a,name=b x", "device name already set to a"],
    ["FROM a b", "FROM requires either one or three arguments"],
    ["FROM a as 1x", 'invalid name for build stage: "1x", name can\'t start with a number or contain symbols'],
    ["ENV =x", "ENV names can not be blank"],
    ["ENV --x a=b", "unknown flag: --x"],
    ["ARG =x", "ARG names can not be blank"],
    ["ARG", "ARG requires at least one argument"],
    ["LABEL", "LABEL requires at least one argument"],
    ["WORKDIR", "WORKDIR requires exactly one argument"],
    ["STOPSIGNAL", "STOPSIGNAL requires exactly one argument"],
    ['VOLUME [" "]', "VOLUME specified can not be an empty string"],
    ["SHELL sh", "SHELL requires the arguments to be in JSON form"],
    ["SHELL []", "SHELL requires at least one argument"],
    ["ONBUILD", "ONBUILD requires at least one argument"],
    ["ONBUILD onbuild run x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ["ONBUILD From x", "FROM isn't allowed as an ONBUILD trigger"],
    ["HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"],
    ["HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"],
    ["HEALTHCHECK ping x", 'Unknown type "PING" in HEALTHCHECK (try CMD)'],
    ["HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'],
    ["HEALTHCHECK --timeout=5 CMD x", 'time: missing unit in duration "5"'],
    ["HEALTHCHECK --timeout=5x CMD x", 'time: unknown unit "x" in duration "5x"'],
    ["HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"],
    ["HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["HEALTHCHECK --retries=9999999999 CMD x", 'strconv.ParseInt: parsing "9999999999": value out of range'],
  ])("%j: %s", (line, message) => {
    const error = errorOf(`FROM a\n${line}\n`);
    expect(error.message).toBe(prefix + message);
    expect(error.lines[0]).toBe(2);
  });

  it("an instruction before any FROM", () => {
    expect(errorOf("RUN x\n")).toEqual({ message: "no build stage in current context", lines: [1] });
  });

  it("and tells the other lines that are wrong", () => {
    expect(errorOf("FROM a\nRUNN x\nRUN y\nCOPY z\n").hint).toBe(
      "there is more to correct: line 4: COPY requires at least two arguments, but only one was provided. Destination could not be determined",
    );
  });
});

describe("parseTrigger()", () => {
  const { source } = fileOf("FROM base\n");
  const trigger = (text: string) => parseTrigger(text, source, lineRanges(7, 7));

  it("reads one instruction, at the place of the FROM that inherits it", () => {
    expect(trigger("COPY <<E /x\nb\nE")).toMatchObject({ kind: "copy", destPath: "/x", location: lineRanges(7, 7) });
  });

  it("refuses anything else, there too", () => {
    const details = { kind: "source", source, ranges: lineRanges(7, 7) };
    for (const [text, message] of [
      ["RUN a\nRUN b", "onbuild trigger should be a single expression"],
      ["NIX", "unknown instruction: NIX"],
      ["ENV x", "ENV must have two arguments"],
    ] as const) {
      expect(() => trigger(text)).toThrow(expect.objectContaining({ message, details }));
    }
  });
});
