import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeScenarios, useStage } from "../support/scenario.ts";

describeScenarios("ARG", {
  "before FROM is for FROM": {
    dockerfile: `ARG tag=nosuchtag\nFROM busybox:\${tag}\nRUN touch /ok\n`,
    options: ["build-arg:tag=latest"],
    holds: { ok: "" },
  },

  "before FROM that must be given": {
    dockerfile: `ARG FOO=\${FOO:?"custom error"}\nFROM busybox\n`,
    fails: ["FOO: custom error", /Dockerfile:1[:\n]/],
  },

  "before FROM that must be given, and is": {
    dockerfile: `ARG FOO=\${FOO:?"custom error"}\nFROM scratch\nARG FOO\nCOPY <<EOF /out\n$FOO\nEOF\n`,
    options: ["build-arg:FOO=bar"],
    holds: { out: "bar\n" },
  },

  "that asks for another one": {
    dockerfile: `FROM scratch\nARG FOO\nARG BAR=\${FOO:?"foo missing"}\n`,
    fails: ["FOO: foo missing", /Dockerfile:3[:\n]/],
  },

  "that asks for another one, which is given": {
    dockerfile: `FROM scratch\nARG FOO\nARG BAR=\${FOO:?"foo missing"}\nCOPY <<EOF /out\n$BAR\nEOF\n`,
    options: ["build-arg:FOO=123"],
    holds: { out: "123\n" },
  },

  "that asks for another one, and is given itself": {
    dockerfile: `FROM scratch\nARG FOO\nARG BAR=\${FOO:?"foo missing"}\nCOPY <<EOF /out\n$BAR\nEOF\n`,
    options: ["build-arg:BAR=456"],
    holds: { out: "456\n" },
  },

  "several in a line, quoted, made of each other, before FROM and again in a stage": {
    dockerfile: `
ARG a1="foo bar" a2=box
ARG a3="$a2-foo"
FROM busy$a2 AS build
ARG a3 a4="123 456" a1
ARG a5="bar-$a3"
RUN echo -n "$a1:$a3:$a4:$a5" > /out
FROM scratch
COPY --from=build /out .
`,
    holds: { out: "foo bar:box-foo:123 456:bar-box-foo" },
  },

  "gives RUN a variable that is set but empty, and none that has no value": {
    dockerfile: `
FROM busybox AS build
ARG FOO
ARG BAR=
RUN env > /env
ENV myenv foo%sbar
RUN [ "$myenv" = 'foo%sbar' ] && grep -c '^FOO=' /env > /foo; grep '^BAR=' /env > /bar
FROM scratch
COPY --from=build /foo /bar /
`,
    holds: { foo: "0\n", bar: "BAR=\n" },
  },

  "and ENV with defaults and trimming": {
    dockerfile: `
ARG image=idlebox
FROM busy\${image#idle} AS build
ARG my_arg
ENV my_arg "my_arg=\${my_arg:-def_val}"
ENV my_trimmed_arg "\${my_arg%%e*}"
COPY myscript.sh myscript.sh
RUN ./myscript.sh $my_arg $my_trimmed_arg
FROM scratch
COPY --from=build /out /out
`,
    files: { "myscript.sh": { text: "#!/bin/sh\necho -n $my_arg $* > /out\n", mode: 0o700 } },
    options: ["build-arg:my_arg=override"],
    holds: { out: "my_arg=override my_arg=override my_arg=ov" },
  },

  "that nobody asked for is told, not refused": {
    dockerfile: "FROM scratch\nCOPY Dockerfile /\n",
    options: ["build-arg:unused=1"],
    holds: { Dockerfile: {} },
  },

  "TARGETSTAGE, when a stage is asked for": {
    dockerfile: targetStage(""),
    options: ["target=foo"],
    holds: { first: "value:", second: "value:foo" },
  },
  "TARGETSTAGE, when the last stage has no name": {
    dockerfile: targetStage("FROM scratch\nCOPY --from=base /out/ /\n"),
    holds: { first: "value:", second: "value:default" },
  },
  "TARGETSTAGE, when the last stage has a name": {
    dockerfile: targetStage("FROM scratch AS final\nCOPY --from=base /out/ /\n"),
    holds: { first: "value:", second: "value:final" },
  },
});

function targetStage(last: string): string {
  return `
FROM busybox AS base
WORKDIR /out
RUN echo -n "value:$TARGETSTAGE" > /out/first
ARG TARGETSTAGE
RUN echo -n "value:$TARGETSTAGE" > /out/second
FROM scratch AS foo
COPY --from=base /out/ /
${last}`;
}

describe("proxies", () => {
  const stage = useStage();

  test("reach RUN by both names, and do not count for the cache; other arguments do", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox AS build
ARG FOO
ARG BAR
ARG BAZ=bazcontent
RUN echo -n $HTTP_PROXY::$http_proxy::$NO_PROXY::$FOO::$BAR::$BAZ > /out
FROM scratch
COPY --from=build /out /
`,
    });
    const out = async (...args: string[]) => {
      const built = await lab.build(args.flatMap((arg) => ["--opt", `build-arg:${arg}`]));
      return lab.read(join(built.out, "out"));
    };
    const first = "hpvalue::hpvalue::npvalue::foocontents::::bazcontent";
    expect(await out("FOO=foocontents", "http_proxy=hpvalue", "NO_PROXY=npvalue")).toBe(first);
    expect(await out("FOO=foocontents", "http_proxy=hpvalue2")).toBe(first);
    expect(await out("FOO=foocontents2", "http_proxy=hpvalue2")).toBe(
      "hpvalue2::hpvalue2::::foocontents2::::bazcontent",
    );
  });

  test("are neither in the image's environment nor in its history", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM busybox\nRUN true\nENV A=b\n" });
    const { config } = await lab.image(["--opt", "build-arg:HTTPS_PROXY=http://user:pass@proxy"]);
    expect(JSON.stringify(config)).not.toContain("pass@proxy");
  });
});
