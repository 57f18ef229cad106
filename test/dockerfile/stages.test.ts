import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outcomes } from "../support/lab.ts";
import { describeScenarios, folderOf, play, useStage } from "../support/scenario.ts";

describeScenarios("WORKDIR", {
  "makes its directory, also when another one follows": {
    dockerfile:
      "FROM scratch\nWORKDIR /foo\nWORKDIR /\nWORKDIR rel\nWORKDIR $UNSET\nWORKDIR ../up\nWORKDIR /a/./b/../c\n",
    holds: {
      foo: { names: [], mode: 0o755, owner: [0, 0] },
      rel: { names: [] },
      up: { names: [] },
      "a/c": { names: [] },
    },
  },

  "gives its directory to the user, but not one that is there": {
    dockerfile: `
FROM busybox AS base
RUN mkdir /there && chown 12:34 /there
USER daemon
WORKDIR /there
WORKDIR /mine/deep
USER 7
WORKDIR /seven
USER root
WORKDIR /roots
FROM scratch
COPY --from=base /there /x/there/
COPY --from=base /mine /mine
COPY --from=base /seve[n] /x/
RUN --mount=from=base,target=/b ["/b/bin/busybox", "sh", "-c", "cd /b && /b/bin/busybox stat -c '%n %u:%g' there mine mine/deep seven roots > /owners"]
`,
    holds: { owners: "there 12:34\nmine 1:1\nmine/deep 1:1\nseven 7:7\nroots 0:0\n" },
  },

  "does not count for COPY --from, whose sources begin at the root": {
    dockerfile:
      "FROM scratch AS base\nWORKDIR /foo\nCOPY f /\nFROM scratch\nCOPY --from=base f .\nWORKDIR /w\nCOPY --from=base f g\n",
    files: { f: "f" },
    holds: { f: "f", "w/g": "f" },
  },

  "is where RUN runs, and PWD": {
    dockerfile: 'FROM busybox\nWORKDIR /one\nWORKDIR two\nRUN echo "$PWD $(pwd)" > /out\n',
    holds: { out: "/one/two /one/two\n" },
  },
});

describe("WORKDIR and SOURCE_DATE_EPOCH", () => {
  const stage = useStage();
  test("give the same image from an empty root at another time", async () => {
    const { lab } = stage();
    lab.write({ Dockerfile: "FROM busybox\nWORKDIR /mydir/deep\n" });
    const args = ["--opt", "build-arg:SOURCE_DATE_EPOCH=1673364896"];
    const first = await lab.image(args);
    execFileSync("rm", ["-rf", lab.root]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await lab.image(args);
    expect(second.manifest).toEqual(first.manifest);
  });
});

describeScenarios("stages", {
  "copy from an image by its name, unless a stage has it": {
    dockerfile: `
FROM busybox AS golang
RUN mkdir -p /usr/bin && echo -n stage > /usr/bin/go
FROM scratch
COPY --from=busybox /etc/passwd test
COPY --from=golang /usr/bin/go go
COPY --from=0 /usr/bin/go go0
`,
    holds: { go: "stage", go0: "stage", test: { mode: 0o644 } },
  },

  "are found in any case, as target too": {
    dockerfile:
      "FROM scratch AS STAge0\nCOPY foo bar\nFROM scratch AS staGE1\nCOPY --from=staGE0 bar baz\nFROM scratch\nCOPY --from=stage1 baz bax\n",
    files: { foo: "foo" },
    options: ["target=Stage1"],
    holds: { baz: "foo", bax: null },
  },

  "must be defined before they are copied from": {
    dockerfile:
      "FROM busybox AS target\nCOPY --from=build / /out\nFROM busybox AS build\nCOPY /Dockerfile /d2\nFROM target\n",
    fails: [/cannot copy from stage "build", it needs to be defined before current stage "target"/],
  },

  "must be there at all": {
    dockerfile: "ARG foo=bar\n",
    fails: ["dockerfile contains no stages to build"],
  },

  "that do not exist as target get a suggestion": {
    dockerfile: "FROM scratch AS build\nCOPY Dockerfile /out\nFROM scratch\nCOPY --from=build /out /\n",
    options: ["target=bulid"],
    fails: ['target stage "bulid" could not be found (did you mean build?)'],
  },

  "give their steps names with numbers": {
    dockerfile:
      'FROM busybox AS base\nWORKDIR /out\nRUN echo "base" > base\nFROM scratch\nCOPY --from=base --chmod=0644 /out /out\n',
    holds: { "out/base": "base\n" },
    log: ['[base 3/3] RUN echo "base" > base', "[stage-1 1/1] COPY --from=base --chmod=0644 /out /out"],
  },
});

describeScenarios("RUN", {
  "does not use the entrypoint": {
    dockerfile: 'FROM busybox\nENTRYPOINT ["/nosuchcmd"]\nRUN ["touch", "/ok"]\nRUN touch /ok2\n',
    holds: { ok: "", ok2: "" },
  },

  "of a command that is not there fails with its name": {
    dockerfile: "FROM busybox\nRUN invalidcmd\n",
    fails: ["/bin/sh -c invalidcmd", "did not complete successfully: exit code: 127", "invalidcmd: not found"],
  },

  "of JSON with something behind it is the shell's": {
    dockerfile: 'FROM busybox\nRUN ["echo", "hello"]this is invalid\n',
    fails: ["this is invalid"],
  },

  "of an instruction that is none suggests one": {
    dockerfile: 'FROM scratch\nFNTRYPOINT ["/bin/sh"]\n',
    fails: ["unknown instruction: FNTRYPOINT", "did you mean ENTRYPOINT?"],
  },

  "as users and groups by name and number": {
    dockerfile: `
FROM busybox AS base
RUN mkdir -m 0777 /out
SHELL ["/bin/sh", "-ec"]
RUN id >> /out/ids
USER root
RUN id >> /out/ids
RUN echo 'io:x:1001:1001::/bin:/bin/false' >> /etc/passwd; echo 'io:x:1001:' >> /etc/group; chmod 666 /out/ids
USER io
RUN id >> /out/ids
USER root
RUN echo 'extra:x:1002:io' >> /etc/group
USER io
RUN id >> /out/ids
USER 1001
RUN id >> /out/ids
USER io:io
RUN id >> /out/ids
USER 1001:io
RUN id >> /out/ids
USER io:1001
RUN id >> /out/ids
USER io:extra
RUN id >> /out/ids
USER 1001:1002
RUN id >> /out/ids
USER 1042:1043
RUN id >> /out/ids
USER 1234
RUN id >> /out/ids
USER daemon
RUN id >> /out/ids
FROM scratch
COPY --from=base /out /
`,
    holds: {
      ids: [
        "uid=0(root) gid=0(root) groups=0(root),10(wheel)",
        "uid=0(root) gid=0(root) groups=0(root),10(wheel)",
        "uid=1001(io) gid=1001(io) groups=1001(io)",
        "uid=1001(io) gid=1001(io) groups=1001(io),1002(extra)",
        "uid=1001(io) gid=1001(io) groups=1001(io),1002(extra)",
        "uid=1001(io) gid=1001(io) groups=1001(io)",
        "uid=1001(io) gid=1001(io) groups=1001(io)",
        "uid=1001(io) gid=1001(io) groups=1001(io)",
        "uid=1001(io) gid=1002(extra) groups=1002(extra)",
        "uid=1001(io) gid=1002(extra) groups=1002(extra)",
        "uid=1042 gid=1043 groups=1043",
        "uid=1234 gid=0(root) groups=0(root)",
        "uid=1(daemon) gid=1(daemon) groups=1(daemon)",
        "",
      ].join("\n"),
    },
  },

  ...Object.fromEntries(
    [
      ["hostname=foo"],
      ["build-arg:BUILDKIT_SANDBOX_HOSTNAME=foo"],
      ["hostname=bar", "build-arg:BUILDKIT_SANDBOX_HOSTNAME=foo"],
    ].map((options) => [
      `has the host name of ${options.join(" and ")}`,
      {
        dockerfile: "FROM busybox\nRUN grep -q foo /etc/hosts && echo $HOSTNAME $(hostname) > /name\n",
        options,
        holds: { name: "foo foo\n" },
      },
    ]),
  ),
});

describe("contexts", () => {
  const stage = useStage();
  const dockerfile =
    "FROM busybox\nCOPY foo /foo2\nCOPY foo /\nRUN echo -n bar > foo3 && cmp foo foo2 && cmp foo foo3\n";

  test("apart from the Dockerfile's folder", async () => {
    const { lab } = stage();
    const other = folderOf(lab, "dockerfile");
    writeFileSync(join(other, "Dockerfile"), dockerfile);
    lab.clear().write({ foo: "bar" });
    const { code, log } = await lab.run(["--local", `dockerfile=${other}`]);
    expect(log).toContain("cmp foo foo3");
    expect(code).toBe(0);
  });

  test("with a Dockerfile that is a link, or in lower case", async () => {
    const { lab } = stage();
    await play({ dockerfile: "unused", prepare: (context) => linked(context), holds: { foo: "web" } }, lab);
    lab.clear().write({ dockerfile: "FROM scratch\nCOPY dockerfile /\n" });
    expect((await lab.run()).code).toBe(0);
  });

  test("named ones replace images and stages", async () => {
    const { lab } = stage();
    const other = folderOf(lab, "other");
    mkdirSync(join(other, "sub"));
    writeFileSync(join(other, "sub/another"), "2");
    lab.clear().write({
      Dockerfile: "FROM scratch AS base\nFROM scratch\nCOPY out /out1\nCOPY --from=base /sub/another /out2\n",
      out: "1",
    });
    const { out } = await lab.build(["--opt", "context:base=local:basedir", "--local", `basedir=${other}`]);
    expect(lab.read(join(out, "out1")) + lab.read(join(out, "out2"))).toBe("12");
  });

  test("a changed file that no wildcard means leaves the cache alone", async () => {
    const { lab } = stage();
    const uuid = "cat /proc/sys/kernel/random/uuid > /unique";
    const files = { foo1: "1", foo2: "2", bar: "b" };
    lab.clear().write({
      Dockerfile: `FROM busybox AS b\nCOPY foo* files/\nRUN ${uuid}\nCOPY bar files/\nFROM scratch\nCOPY --from=b unique /\n`,
      ...files,
    });
    const unique = async () => lab.read(join((await lab.build()).out, "unique"));
    const first = await unique();
    lab.write({ bar: "changed" });
    expect(await unique()).toBe(first);
    lab.write({ foo2: "changed" });
    expect(await unique()).not.toBe(first);
  });

  test("a directory that became a file is a file", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY foo /foo\n", "foo/bar": "x" });
    expect(readdirSync(join((await lab.build()).out, "foo"))).toEqual(["bar"]);
    lab.write({ foo: "file now" });
    expect(lab.read(join((await lab.build()).out, "foo"))).toBe("file now");
  });

  test("the same build again keeps nothing more", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY foo /\n", foo: "contents" });
    const kept = () => ["snapshots", "content/blobs/sha256"].map((name) => readdirSync(join(lab.root, name)).length);
    await lab.build();
    const before = kept();
    await lab.build();
    expect(kept()).toEqual(before);
  });

  test("a stage of the same name runs its steps once when two stages stand on it", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox AS base
RUN echo once > /one
FROM base AS left
COPY --from=base /one /l
FROM base AS right
COPY --from=base /one /r
FROM scratch
COPY --from=left /l /
COPY --from=right /r /
`,
    });
    const { log, out } = await lab.build();
    expect([...outcomes(log).keys()].filter((name) => name.includes("RUN echo once"))).toHaveLength(1);
    expect(lab.read(join(out, "l"))).toBe("once\n");
  });
});

function linked(context: string): void {
  execFileSync("rm", [join(context, "Dockerfile")]);
  writeFileSync(join(context, "Dockerfile.web"), "FROM scratch\nENV foo=bar\nCOPY web foo\n");
  writeFileSync(join(context, "web"), "web");
  symlinkSync("Dockerfile.web", join(context, "Dockerfile"));
}
