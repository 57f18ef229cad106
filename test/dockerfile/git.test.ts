import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tarOf } from "../support/base-image.ts";
import { type Repository, startRepository } from "../support/repository.ts";
import { play, useStage } from "../support/scenario.ts";
import { startWeb } from "../support/web.ts";

const tagged = ["v0.0.1", "v0.0.2", "v0.0.3"]
  .map((tag) => `echo foo of ${tag} > foo; git add foo; git commit -qm ${tag}; git tag ${tag}`)
  .join("\n");

describe.each(["sha1", "sha256"])("ADD of a git repository with %s", (format) => {
  const stage = useStage();
  let repo: Repository;
  beforeAll(async () => {
    repo = await startRepository(format, tagged);
  });
  afterAll(() => repo[Symbol.asyncDispose]());

  test("by tag and commit, with and without .git, checksum and owner", async () => {
    const { url, commit } = repo;
    const dockerfile = `
FROM scratch
ADD ${url}#v0.0.1 /x
ARG REPO="${url}" TAG="v0.0.2"
ADD --keep-git-dir=true --chown=4242:8484 --checksum=${commit("v0.0.2")} \${REPO}#\${TAG} /owned
ADD --checksum=${commit("v0.0.3")} \${REPO}#v0.0.3 /plain
ADD --keep-git-dir --checksum=${commit("v0.0.2")} \${REPO}#\${TAG} /again
ADD --keep-git-dir=true --checksum=${commit("v0.0.3")} \${REPO}#${commit("v0.0.3")} /commit
ADD \${REPO} /default
`;
    const { lab } = stage();
    const holds = {
      "x/foo": "foo of v0.0.1\n",
      x: { names: ["foo"] },
      "owned/foo": { text: "foo of v0.0.2\n", owner: [4242, 8484] as const },
      "owned/.git/HEAD": { owner: [4242, 8484] as const },
      plain: { names: ["foo"] },
      "plain/foo": "foo of v0.0.3\n",
      "again/foo": "foo of v0.0.2\n",
      again: { names: [".git", "foo"] },
      "commit/foo": "foo of v0.0.3\n",
      commit: { names: [".git", "foo"] },
      "default/foo": "foo of v0.0.3\n",
    };
    await play({ dockerfile, holds }, lab);
    const { out } = await lab.build();
    const status = ["-c", "safe.directory=*", "-C", join(out, "owned"), "status", "-s"];
    expect(execFileSync("git", status, { encoding: "utf8" })).toBe("");
  });

  test("of another commit than the checksum's fails", async () => {
    const dockerfile = `FROM scratch\nADD --checksum=${repo.commit("v0.0.2")} ${repo.url}#v0.0.3 /x\n`;
    await play({ dockerfile, fails: ["expected checksum to match"] }, stage().lab);
  });

  test("with a checksum that is none fails", async () => {
    const dockerfile = `FROM scratch\nADD --checksum=foobar ${repo.url}#v0.0.3 /x\n`;
    await play({ dockerfile, fails: ["invalid checksum", "expected hex commit hash"] }, stage().lab);
  });

  test("with and without checksum is the same for the cache", async () => {
    const { lab } = stage();
    const unique = async (flag: string) => {
      const dockerfile = `FROM busybox AS src\nADD --keep-git-dir ${flag} ${repo.url}#v0.0.2 /repo\nRUN cat /proc/sys/kernel/random/uuid > /repo/unique\nFROM scratch\nCOPY --from=src /repo/unique /\n`;
      lab.clear().write({ Dockerfile: dockerfile });
      return lab.read(join((await lab.build()).out, "unique"));
    };
    expect(await unique(`--checksum=${repo.commit("v0.0.2")}`)).toBe(await unique(""));
  });
});

describe("a context from elsewhere", () => {
  const stage = useStage();

  test.each(["sha1", "sha256"])("is a branch of a git repository with %s", async (format) => {
    const first = "FROM busybox AS build\\nRUN echo -n fromgit > foo\\nFROM scratch\\nCOPY --from=build foo bar\\n";
    await using repo = await startRepository(
      format,
      `printf '${first}' > Dockerfile; git add Dockerfile; git commit -qm initial; git branch first
       printf 'COPY --from=build foo bar2\\n' >> Dockerfile; git add Dockerfile; git commit -qm second`,
    );
    const { lab } = stage();
    const old = await lab.build(["--opt", `context=${repo.url}#first`]);
    expect(lab.read(join(old.out, "bar"))).toBe("fromgit");
    expect(() => lab.read(join(old.out, "bar2"))).toThrow("ENOENT");
    const latest = await lab.build(["--opt", `context=${repo.url}`]);
    expect(lab.read(join(latest.out, "bar2"))).toBe("fromgit");
  });

  test("is an archive behind a URL, whose Dockerfile has another name", async () => {
    const { lab } = stage();
    const folder = join(lab.folder, "archive");
    mkdirSync(folder);
    execFileSync("sh", ["-ec", "printf 'FROM scratch\\nCOPY foo bar\\n' > mydockerfile; printf foo > foo"], {
      cwd: folder,
    });
    await using web = await startWeb({ "/myurl": { body: tarOf(folder), etag: "1" } });
    const { out } = await lab.build(["--opt", `context=${web.url}/myurl`, "--opt", "filename=mydockerfile"]);
    expect(lab.read(join(out, "bar"))).toBe("foo");
  });

  test("is a Dockerfile behind a URL, under whatever name", async () => {
    const { lab } = stage();
    const body = 'FROM busybox\nRUN echo -n "contents" > /foo\nFROM scratch\nCOPY --from=0 /foo /foo\n';
    await using web = await startWeb({ "/df": { body, etag: "1" } });
    const { out } = await lab.build(["--opt", `context=${web.url}/df`, "--opt", "filename=mydockerfile"]);
    expect(lab.read(join(out, "foo"))).toBe("contents");
  });
});
