import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Lab } from "../support/lab.ts";
import { describeScenarios, folderOf, useStage } from "../support/scenario.ts";
import { startWeb, type TestWeb } from "../support/web.ts";

const here = process.arch === "arm64" ? "arm64" : "amd64";

/** A folder of files outside of the context, as a `--local` of that name. */
function localOf(lab: Lab, name: string, files: Readonly<Record<string, string | Buffer>>): string[] {
  const folder = folderOf(lab, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return ["--local", `${name}=${folder}`];
}

describeScenarios("a named context of the caller's directory", {
  "replaces a stage, and has its own .dockerignore": ({ lab }) => ({
    dockerfile: "FROM busybox AS base\nRUN exit 1\nFROM scratch\nCOPY --from=base /o* /\n",
    options: ["context:base=local:basedir"],
    args: localOf(lab, "basedir", { out: "dummy", out2: "dummy", ".dockerignore": "out2\n" }),
    holds: { out: "dummy", out2: null },
  }),

  "may be what a stage is built from, mounted, or copied": ({ lab }) => ({
    dockerfile: `
FROM foo AS image
COPY Dockerfile /added
FROM busybox AS mounted
RUN --mount=from=foo,src=/foo,target=/in/foo cp /in/foo /mounted
FROM scratch
COPY --from=foo /foo /copied
COPY --from=mounted /mounted /
COPY --link --from=image / /image
`,
    options: ["context:foo=local:foo"],
    args: localOf(lab, "foo", { foo: "foo", "sub/bar": "bar" }),
    holds: { copied: "foo", mounted: "foo", "image/sub/bar": "bar", "image/added": {} },
  }),

  "is asked for only when a stage needs it": {
    dockerfile: `
FROM broken AS notused
FROM busybox AS base
RUN echo base > /foo
FROM nothere AS otherstage
FROM scratch
COPY --from=base /foo /foo
`,
    options: [
      "context:notused=docker-image://docker.io/library/nosuchimage:latest",
      "context:nothere=docker-image://docker.io/library/dontexist:latest",
    ],
    holds: { foo: "base\n" },
  },

  "that nobody offers is told": {
    dockerfile: "FROM scratch\nCOPY --from=base /x /\n",
    options: ["context:base=local:nothere"],
    fails: ["nothere", /no local source|no access allowed to dir|not found/],
  },

  "of a kind that does not exist is told": {
    dockerfile: "FROM base\n",
    options: ["context:base=nfs:server"],
    fails: ["unsupported context source nfs for base"],
  },
});

describe("a named context of an image", () => {
  const stage = useStage();
  const made = () => `${stage().registry.host}/made/named:1`;

  test("replaces an image or a stage by name, with its environment", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: "FROM busybox\nENV PATH=/foobar:$PATH\nENV FOOBAR=foobar\nRUN echo 3.14 > /etc/other-release\n",
    });
    await lab.push(made());
    lab.write({
      Dockerfile: `
FROM replaced AS base
RUN cat /etc/other-release > /out && env | grep FOOBAR >> /out && echo $PATH | grep -c /foobar: >> /out
FROM busybox AS parent
FROM parent AS stage
RUN echo base > /wrong
FROM stage AS last
RUN [ -f /etc/other-release ] && [ ! -f /wrong ] && touch /right
FROM scratch
COPY --from=base /out /
COPY --from=last /right /
`,
    });
    const context = `docker-image://${made()}`;
    const { out } = await lab.build(["--opt", `context:replaced=${context}`, "--opt", `context:stage=${context}`]);
    expect(lab.read(join(out, "out"))).toBe("3.14\nFOOBAR=foobar\n1\n");
    expect(lab.read(join(out, "right"))).toBe("");
  });

  test("needs no tag, and is scratch by that name", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM replaced AS base\nRUN touch /out\nFROM empty\nCOPY --from=base /out /\n" });
    const options = ["context:replaced=docker-image://busybox", "context:empty=docker-image://scratch"];
    const { out } = await lab.build(options.flatMap((option) => ["--opt", option]));
    expect(execFileSync("ls", [out], { encoding: "utf8" })).toBe("out\n");
  });

  test("is dated when it is built on, not when it was made", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM busybox\nRUN echo foo >> /dated\n" });
    const name = `${made()}-dated`;
    await lab.push(name);
    const created = (text: string) => Date.parse(JSON.parse(text).created ?? JSON.parse(text).Created);
    const base = created(
      execFileSync("skopeo", ["inspect", "--config", "--tls-verify=false", `docker://${name}`], { encoding: "utf8" }),
    );
    const { config } = await lab.image(["--opt", `context:busybox=docker-image://${name}`]);
    expect(Date.parse(config.created)).toBeGreaterThan(base);
    expect(config.rootfs.diff_ids).toHaveLength(3);
  });

  test("is of the platform that the stage asks for, not of the target's", async () => {
    const { lab } = stage();
    const name = `${made()}-platform`;
    lab.clear().write({ Dockerfile: "FROM --platform=$BUILDPLATFORM busybox:latest\n" });
    await lab.push(name, ["--opt", "build-arg:BUILDKIT_MULTI_PLATFORM=true"]);
    lab.write({ Dockerfile: "FROM --platform=$BUILDPLATFORM named AS target\nRUN echo hello\n" });
    const { code, log } = await lab.run([
      "--opt",
      `context:named=docker-image://${name}`,
      "--opt",
      "platform=darwin/ppc64le",
    ]);
    expect(code, log).toBe(0);
  });

  test("may be another one for each platform", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM base\nCOPY Dockerfile /\n" });
    const options = [
      "platform=linux/amd64,linux/arm64",
      "context:base::linux/amd64=local:one",
      "context:base::linux/arm64=local:two",
    ];
    const locals = [...localOf(lab, "one", { f: "one" }), ...localOf(lab, "two", { f: "two" })];
    const { out } = await lab.build([...options.flatMap((option) => ["--opt", option]), ...locals]);
    expect([lab.read(join(out, "linux_amd64/f")), lab.read(join(out, "linux_arm64/f"))]).toEqual(["one", "two"]);
  });
});

describe("a named context of an OCI layout", () => {
  const stage = useStage();

  test("is known by digest, and brings files and configuration", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile:
        'FROM busybox:latest\nWORKDIR /test\nRUN sh -c "echo -n first > out"\nRUN sh -c "echo -n second > out2"\nENV foo=bar\n',
    });
    const layout = folderOf(lab, "oci");
    const { code, log } = await lab.run(["--output", `type=oci,tar=false,dest=${layout}`]);
    expect(code, log).toBe(0);
    const [{ digest }] = JSON.parse(lab.read(join(layout, "index.json"))).manifests;
    lab.write({
      Dockerfile: `
FROM busybox AS base
RUN cat /etc/not-here > out
FROM foo AS imported
RUN echo -n $foo > outfoo
FROM scratch
COPY --from=base /test/o* /
COPY --from=imported /test/outfoo /
`,
    });
    const args = ["--oci-layout", `ocione=${layout}`, "--opt", `context:base=oci-layout:ocione@${digest}`];
    const { out } = await lab.build([...args, "--opt", `context:foo=oci-layout://ocione@${digest}`]);
    expect(["out", "out2", "outfoo"].map((name) => lab.read(join(out, name)))).toEqual(["first", "second", "bar"]);
    lab.write({ Dockerfile: "FROM nonexistent AS base\n" });
    const { config } = await lab.image([
      ...["--oci-layout", `ocione=${layout}`, "--opt", `context:nonexistent=oci-layout:ocione@${digest}`],
    ]);
    expect(config.config).toMatchObject({ WorkingDir: "/test", Env: expect.arrayContaining(["foo=bar"]) });
    expect(config.architecture).toBe(here);
  });

  test("without a digest is refused", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM base\n" });
    const { code, log } = await lab.run(["--opt", "context:base=oci-layout:store"]);
    expect(log).toContain('oci-layout reference "store" has no digest');
    expect(code).toBe(1);
  });
});

describe("a named context from far away", () => {
  const stage = useStage();
  const served = async <T>(work: (web: TestWeb, git: string) => Promise<T>): Promise<T> => {
    const git = folderOf(stage().lab, "git");
    writeFileSync(join(git, "file"), "from git");
    const commands = [
      "git init -q -b main",
      "git add file",
      "git -c user.email=a@example.com -c user.name=a commit -q -m one",
      "git update-server-info",
    ];
    execFileSync("sh", ["-ec", commands.join("\n")], { cwd: git });
    await using web = await startWeb({ "/page.txt": { body: "from http" } }, git);
    return await work(web, git);
  };

  test("may be a git repository or a download", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: "FROM scratch\nCOPY --from=repo /file /one\nCOPY --from=page /context /two\n",
    });
    const { out } = await served((web) =>
      lab.build(["--opt", `context:repo=${web.url}/.git#main`, "--opt", `context:page=${web.url}/page.txt`]),
    );
    expect([lab.read(join(out, "one")), lab.read(join(out, "two"))]).toEqual(["from git", "from http"]);
  });
});
