import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outcomes } from "./support/lab.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();

describe("a build", () => {
  test("FROM scratch with a COPY", async () => {
    here.lab.write({ Dockerfile: "FROM scratch\nCOPY a.txt /dir/\n", "a.txt": { text: "hello\n", mode: 0o640 } });
    const { out } = await here.lab.build();
    expect(here.lab.read(join(out, "dir/a.txt"))).toBe("hello\n");
    expect(statSync(join(out, "dir/a.txt")).mode & 0o777).toBe(0o640);
  });

  test("FROM a registry's image with RUN", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN echo made in $(pwd) > /made && id -u >> /made\n" });
    const { out } = await here.lab.build();
    expect(here.lab.read(join(out, "made"))).toBe("made in /\n0\n");
  });

  test("of several stages takes what it needs of each, and leaves out stages that nobody needs", async () => {
    here.lab.write({
      Dockerfile: `
FROM busybox AS one
RUN echo one > /one
FROM busybox AS unused
RUN exit 1
FROM busybox AS two
COPY --from=one /one /from-one
RUN cat /from-one > /two && echo two >> /two
FROM scratch
COPY --from=two /two /result
COPY --from=one /one /
`,
    });
    const { out, log } = await here.lab.build();
    expect(readdirSync(out).sort()).toEqual(["one", "result"]);
    expect(here.lab.read(join(out, "result"))).toBe("one\ntwo\n");
    expect(log).not.toContain("unused");
  });

  test("COPY in its variants", async () => {
    here.lab.write({
      ".dockerignore": "*.log\nnode_modules\n!keep.log\n",
      Dockerfile: `
FROM busybox
WORKDIR /app
COPY . all/
COPY *.txt texts/
COPY --chown=7:8 --chmod=0700 a.txt owned
COPY dir/ .
COPY a.txt b.txt /both/
COPY --from=busybox /bin/busybox /bb
ADD archive.tar /unpacked/
USER 7
WORKDIR /made/by
`,
      "a.txt": "a",
      "b.txt": "b",
      "c.log": "hidden",
      "keep.log": "kept",
      "node_modules/x": "hidden",
      "dir/inner/d.txt": "d",
      link: { link: "a.txt" },
    });
    const { execFileSync } = await import("node:child_process");
    execFileSync("tar", ["-C", here.lab.context, "-cf", join(here.lab.context, "archive.tar"), "a.txt", "dir"]);
    const { out } = await here.lab.build();
    const list = (path: string) => readdirSync(join(out, path)).sort();
    expect(list("app/all")).toEqual([
      ".dockerignore",
      "Dockerfile",
      "a.txt",
      "archive.tar",
      "b.txt",
      "dir",
      "keep.log",
      "link",
    ]);
    expect(readlinkSync(join(out, "app/all/link"))).toBe("a.txt");
    expect(list("app/texts")).toEqual(["a.txt", "b.txt"]);
    const owned = statSync(join(out, "app/owned"));
    expect([owned.uid, owned.gid, owned.mode & 0o777]).toEqual([7, 8, 0o700]);
    expect(here.lab.read(join(out, "app/inner/d.txt"))).toBe("d");
    expect(list("both")).toEqual(["a.txt", "b.txt"]);
    expect(statSync(join(out, "bb")).mode & 0o777).toBe(0o755);
    expect(list("unpacked")).toEqual(["a.txt", "dir"]);
    expect(statSync(join(out, "made/by")).uid).toBe(7);
  });

  test("RUN with mounts, environment, working directory and user", async () => {
    here.lab.write({
      Dockerfile: `
FROM busybox
ARG WHO
ENV GREETING=hello
WORKDIR /work
RUN --mount=type=bind,source=part,target=/ctx --mount=type=cache,target=/cache --mount=type=tmpfs,target=/t \
    cp /ctx/f . && echo "$GREETING $WHO" > g && echo x > /t/x && echo y >> /cache/y
RUN --mount=type=cache,target=/cache cp /cache/y .
USER nobody
RUN id -un > /tmp/who
RUN <<EOT
echo one > /tmp/lines
echo two >> /tmp/lines
EOT
`,
      "part/f": "bound",
    });
    const { out } = await here.lab.build(["--opt", "build-arg:WHO=world"]);
    expect(here.lab.read(join(out, "work/f"))).toBe("bound");
    expect(here.lab.read(join(out, "work/g"))).toBe("hello world\n");
    expect(here.lab.read(join(out, "work/y"))).toBe("y\n");
    expect(here.lab.read(join(out, "tmp/who"))).toBe("nobody\n");
    expect(here.lab.read(join(out, "tmp/lines"))).toBe("one\ntwo\n");
    // Places that only were there to mount on are gone.
    expect(["t", "ctx", "cache"].filter((name) => existsSync(join(out, name)))).toEqual([]);
  });
});

describe("the cache", () => {
  const dockerfile = `
FROM busybox AS build
WORKDIR /src
COPY a.txt .
RUN cat a.txt > a.out
COPY b.txt .
RUN cat b.txt > b.out
FROM scratch
COPY --from=build /src/*.out /
`;
  test("a second run executes nothing", async () => {
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "a", "b.txt": "b" });
    await here.lab.build();
    const { log, out } = await here.lab.build();
    const steps = [...outcomes(log)].filter(([name]) => /^\[(build|stage-1) \d/.test(name) && !name.includes("FROM"));
    expect(steps.map(([, outcome]) => outcome)).toEqual(steps.map(() => "cached"));
    expect(steps).toHaveLength(6);
    expect(here.lab.read(join(out, "a.out"))).toBe("a");
  });

  test("a changed file runs again only what reads it", async () => {
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "a", "b.txt": "b" });
    await here.lab.build();
    here.lab.write({ "b.txt": "changed" });
    const { log, out } = await here.lab.build();
    const outcome = (part: string) => [...outcomes(log)].find(([name]) => name.includes(part))?.[1];
    expect(outcome("RUN cat a.txt")).toBe("cached");
    expect(outcome("COPY a.txt")).toBe("cached");
    expect(outcome("COPY b.txt")).toBe("done");
    expect(outcome("RUN cat b.txt")).toBe("done");
    expect(here.lab.read(join(out, "b.out"))).toBe("changed");
  });

  test("times do not count, content does", async () => {
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "a", "b.txt": "b" });
    await here.lab.build();
    here.lab.write({ "a.txt": "a", "b.txt": "b" });
    const steps = [...outcomes((await here.lab.build()).log)].filter(([name]) => /RUN|COPY/.test(name));
    expect(steps.map(([, outcome]) => outcome)).toEqual(Array(5).fill("cached"));
  });

  test("--no-cache runs everything again", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /id\n" });
    const first = await here.lab.build();
    const again = await here.lab.build();
    const fresh = await here.lab.build(["--no-cache"]);
    expect(here.lab.read(join(again.out, "id"))).toBe(here.lab.read(join(first.out, "id")));
    expect(here.lab.read(join(fresh.out, "id"))).not.toBe(here.lab.read(join(first.out, "id")));
  });
});

describe("a build that fails", () => {
  test("says which step, its last words, its place and its exit code", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nRUN echo before; echo bad >&2; exit 42\nRUN never\n" });
    const { code, log } = await here.lab.run();
    expect(code).toBe(1);
    expect(log).toContain("did not complete successfully: exit code: 42");
    expect(log).toMatch(/Dockerfile:2\n-+\n.*1 \|.*FROM busybox\n.*2 \| >>> RUN echo before/);
    expect(log).toMatch(/#\d+ [\d.]+ bad\n/);
    expect(log).toMatch(/^error: failed to solve: process "\/bin\/sh -c echo before; echo bad >&2; exit 42"/m);
  });

  test.each([
    ["no Dockerfile", {}, "failed to read dockerfile: open Dockerfile: no such file or directory"],
    ["a missing file", { Dockerfile: "FROM scratch\nCOPY nope /\n" }, '"/nope": not found'],
    ["an unknown instruction", { Dockerfile: "FROM scratch\nCOYP a b\n" }, "unknown instruction: COYP"],
    ["an unknown image", { Dockerfile: "FROM nope:1\n" }, "docker.io/library/nope:1: not found"],
    ["an unknown stage", { Dockerfile: "FROM scratch\nCOPY --from=9 a b\n" }, "9"],
  ])("%s", async (_, files, message) => {
    here.lab.write(files);
    const { code, log } = await here.lab.run();
    expect(log).toContain(message);
    expect(code).toBe(1);
  });
});
