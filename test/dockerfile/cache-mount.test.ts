import { describe, expect, test } from "vitest";
import { describeScenarios, useStage } from "../support/scenario.ts";

describeScenarios("RUN --mount=type=cache", {
  "is known by its target, keeps its files, and is in no layer": {
    dockerfile: `
FROM busybox AS build
RUN --mount=type=cache,target=/mycache touch /mycache/foo
RUN --mount=type=cache,target=/mycache2 [ ! -f /mycache2/foo ]
RUN --mount=type=cache,target=/mycache [ -f /mycache/foo ]
RUN --mount=type=cache,target=/mycache/ [ -f /mycache/foo ]
RUN [ ! -e /mycache/foo ]
FROM scratch
COPY --from=build / /all
`,
    holds: { "all/mycache": null, "all/mycache2": null },
  },

  "has the owner and mode that were asked for": {
    dockerfile: `
FROM busybox AS build
RUN --mount=type=cache,target=/own,uid=1001,gid=1002,mode=0751 stat -c "%u %g %a" /own > /seen
RUN --mount=type=cache,target=/plain stat -c "%u %g %a" /plain >> /seen
RUN --mount=type=cache,target=/ro,ro ! touch /ro/x
USER 1001
RUN --mount=type=cache,target=/own,uid=1001,gid=1002,mode=0751 touch /own/mine
FROM scratch
COPY --from=build /seen /
`,
    holds: { seen: "1001 1002 751\n0 0 755\n" },
  },

  "starts as a copy of a stage's directory": {
    dockerfile: `
FROM busybox AS seed
RUN mkdir -p /seed/sub && echo one > /seed/sub/file
FROM busybox AS build
RUN --mount=type=cache,id=seeded,from=seed,source=/seed,target=/c cat /c/sub/file > /first && echo two >> /c/sub/file
RUN --mount=type=cache,id=seeded,from=seed,source=/seed,target=/c cat /c/sub/file > /second
RUN --mount=type=cache,id=seeded,target=/c [ ! -e /c/sub ]
RUN --mount=from=seed,source=/seed,target=/s cat /s/sub/file > /third
FROM scratch
COPY --from=build /first /second /third /
`,
    holds: { first: "one\n", second: "one\ntwo\n", third: "one\n" },
  },

  "may be two mounts, one in the other, of stages that run at once": {
    dockerfile: `
FROM busybox AS b1
RUN --mount=type=cache,target=/foo/bar --mount=type=cache,target=/foo/bar/baz echo 1 > /p1
FROM busybox AS b2
RUN --mount=type=cache,target=/foo/bar --mount=type=cache,target=/foo/bar/baz echo 2 > /p2
FROM scratch
COPY --from=b1 /p1 /
COPY --from=b2 /p2 /
`,
    options: ["no-cache="],
    holds: { p1: "1\n", p2: "2\n" },
  },

  "cannot be made to show the machine's files by a link in it": {
    dockerfile: `
FROM busybox AS init
RUN --mount=type=cache,id=escape,target=/cache mkdir -p /cache/sel && echo harmless > /cache/sel/file
FROM init AS link
RUN --mount=type=cache,id=escape,target=/cache rm -rf /cache/sel && ln -s /etc /cache/sel
FROM link AS victim
RUN --mount=type=cache,id=escape,source=sel,target=/victim cat /victim/hostname
`,
    fails: ['cannot mount "/sel": no such file or directory'],
  },

  "is a namespace's own": {
    dockerfile: `
FROM busybox
RUN --mount=type=cache,target=/mycache [ ! -e /mycache/foo ]
`,
    options: ["build-arg:BUILDKIT_CACHE_MOUNT_NS=other"],
    holds: {},
  },
});

describe("what a cache mount is for several builds", () => {
  const stage = useStage();

  test("no-cache gives cache mounts a fresh start, and that is kept from then on", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox AS base
ARG FOO=abc
RUN --mount=type=cache,target=/cache,mode=0773 --mount=type=cache,target=/plain touch /cache/$FOO /plain/$FOO \\
  && ls /cache > /out && ls /plain | cmp /out
FROM scratch
COPY --from=base /out /
`,
    });
    const seen = async (...options: string[]) => {
      const { out } = await lab.build(options.flatMap((option) => ["--opt", option]));
      return lab.read(`${out}/out`).trim().split("\n");
    };
    expect(await seen()).toEqual(["abc"]);
    expect(await seen("no-cache=", "build-arg:FOO=def")).toEqual(["def"]);
    expect(await seen("build-arg:FOO=ghi")).toEqual(["def", "ghi"]);
  });

  test("sharing=locked lets one step in at a time, also of another process", async () => {
    const { lab } = stage();
    const rounds =
      "for i in 1 2 3; do [ ! -e /c/busy ] || exit 7; touch /c/busy; sleep 0.2; rm /c/busy; sleep 0.05; done";
    const build = (name: string) => lab.start(["--opt", `build-arg:WHO=${name}`, "--opt", `target=${name}`]).done;
    lab.clear().write({
      Dockerfile: ["one", "two"]
        .map(
          (name) => `
FROM busybox AS ${name}
ARG WHO
RUN --mount=type=cache,target=/c,sharing=locked ${rounds}; echo $WHO >> /c/visitors
`,
        )
        .join(""),
    });
    const results = await Promise.all([build("one"), build("two")]);
    expect(results.map(({ code, log }) => (code === 0 ? 0 : log))).toEqual([0, 0]);
    lab.clear().write({
      Dockerfile:
        "FROM busybox AS build\nRUN --mount=type=cache,target=/c cp /c/visitors /v\nFROM scratch\nCOPY --from=build /v /\n",
    });
    const { out } = await lab.build();
    expect(lab.read(`${out}/v`).trim().split("\n").sort()).toEqual(["one", "two"]);
  });

  test("sharing=private gives a step of another process a folder of its own, sharing=shared the same one", async () => {
    const { lab } = stage();
    // Both steps run at the same time: each says that it is there and waits for the other, in a cache that both share.
    const step = (me: string, other: string, sharing: string) => `
FROM busybox AS ${sharing}-${me}
RUN --mount=type=cache,id=meet-${sharing},target=/meet --mount=type=cache,id=p-${sharing},target=/c,sharing=${sharing} \\
  touch /c/${me} /meet/${me} && for i in $(seq 600); do [ -e /meet/${other} ] && break; sleep 0.05; done && ls /c > /seen # ${sharing}
FROM scratch AS ${sharing}-${me}-out
COPY --from=${sharing}-${me} /seen /
`;
    lab.clear().write({
      Dockerfile: ["private", "shared"].flatMap((how) => [step("a", "b", how), step("b", "a", how)]).join(""),
    });
    const seen: Record<string, string[]> = {};
    for (const how of ["private", "shared"]) {
      const both = ["a", "b"].map(async (me) => {
        const { out } = await lab.build(["--opt", `target=${how}-${me}-out`]);
        return lab.read(`${out}/seen`).trim().split("\n").join(" ");
      });
      seen[how] = await Promise.all(both);
    }
    expect(seen).toEqual({ private: ["a", "b"], shared: ["a b", "a b"] });
  });
});

describe("cached steps", () => {
  const stage = useStage();

  test("no-cache runs all stages again, no-cache=NAME that stage", async () => {
    const { lab } = stage();
    const uuid = "cat /proc/sys/kernel/random/uuid";
    lab.clear().write({
      Dockerfile: `
FROM busybox AS s0
RUN ${uuid} > /unique
FROM busybox AS s1
RUN ${uuid} > /unique2
FROM scratch
COPY --from=s0 unique /
COPY --from=s1 unique2 /
`,
    });
    const ids = async (...args: string[]) => {
      const { out } = await lab.build(args);
      return [lab.read(`${out}/unique`), lab.read(`${out}/unique2`)];
    };
    const first = await ids();
    expect(await ids()).toEqual(first);
    const second = await ids("--no-cache");
    expect(second[0]).not.toBe(first[0]);
    expect(second[1]).not.toBe(first[1]);
    const third = await ids("--opt", "no-cache=S1");
    expect(third[0]).toBe(second[0]);
    expect(third[1]).not.toBe(second[1]);
    expect(await ids()).toEqual(third);
  });

  test("a bind mount counts by what it shows, not by how that came to be", async () => {
    const { lab } = stage();
    const unique = async (bust: string) => {
      lab.clear().write({
        Dockerfile: `
from busybox AS build
copy cachebust /
run mkdir out && echo foo > out/foo
from busybox as second
RUN --mount=from=build,src=out,target=/out,rw touch /out/bar && cat /proc/sys/kernel/random/uuid > /unique
from scratch
COPY --from=second /unique /unique
`,
        cachebust: bust,
      });
      const { out } = await lab.build();
      return lab.read(`${out}/unique`);
    };
    expect(await unique("1")).toBe(await unique("0"));
  });

  test("a copy by wildcard is another one when a file has another name", async () => {
    const { lab } = stage();
    const Dockerfile = "FROM busybox\nCOPY file* /files/\nRUN ls /files/file1\n";
    lab.clear().write({ Dockerfile, file1: "foo" });
    expect((await lab.run()).code).toBe(0);
    lab.clear().write({ Dockerfile, file2: "foo" });
    expect((await lab.run()).code).toBe(1);
  });
});
