import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietScope } from "../../../kit/index.ts";
import { openStorage, type Storage } from "../../../storage/index.ts";
import type { OpScope } from "../../contract.ts";
import { SourceAnswers } from "../answers.ts";
import { gitAttributes } from "./attributes.ts";
import { fetchCommit } from "./fetch-commit.ts";
import { gitMetadata, gitSource } from "./git-op.ts";
import { inRepository } from "./kept-repository.ts";
import { gitRunner } from "./run-git.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-git-"));
const scope: OpScope = { ...quietScope, emit: () => {}, callers: [] };
let storage: Storage;
let daemon: ChildProcess;
let host: string;
const commits: string[] = [];

function git(cwd: string, ...args: string[]): string {
  const identity = [
    "-c",
    "user.name=t",
    "-c",
    "user.email=t@t",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "protocol.file.allow=always",
  ];
  return execFileSync("git", [...identity, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
function commit(repository: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, repository, path, ".."), { recursive: true });
    writeFileSync(join(folder, repository, path), text);
  }
  git(join(folder, repository), "add", ".");
  git(join(folder, repository), "commit", "-qm", "change");
  return git(join(folder, repository), "rev-parse", "HEAD");
}

/** Git's daemon, a process for each connection, at a port that the system picks: it cannot tell of that itself. */
const serverScript = `
const server = require("node:net").createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
  const words = ["daemon", "--inetd", "--export-all", "--base-path=" + process.argv[1]];
  require("node:child_process").spawn("git", words, { stdio: [socket, socket, "ignore"] });
  socket.destroy();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

beforeAll(async () => {
  daemon = spawn(process.execPath, ["-e", serverScript, folder], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const [port] = await once(createInterface({ input: daemon.stdout as Readable }), "line");
  host = `127.0.0.1:${port}`;
  for (const name of ["app", "part"]) {
    mkdirSync(join(folder, name));
    git(join(folder, name), "init", "-q");
  }
  commit("part", { "p.txt": "part" });
  commits.push(commit("app", { "a.txt": "1", "dir/b.txt": "b" }));
  git(join(folder, "app"), "tag", "-a", "v1", "-m", "first");
  commits.push(commit("app", { "a.txt": "2" }));
  git(join(folder, "app"), "checkout", "-q", "-b", "sub");
  git(join(folder, "app"), "submodule", "--quiet", "add", `git://${host}/part`, "lib");
  commits.push(commit("app", {}));
  git(join(folder, "app"), "checkout", "-q", "main");
  storage = await openStorage({ root: join(folder, "root"), snapshotter: "auto" }, quietScope);
});
afterAll(async () => {
  await storage?.[Symbol.asyncDispose]();
  // The daemon serves each connection in a child of its own.
  if (daemon.pid !== undefined) process.kill(-daemon.pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function checkOut(fragment: string, attrs: Record<string, string> = {}, memory = new SourceAnswers()) {
  const op = gitSource(
    `git://${host}/app${fragment}`,
    new Map(Object.entries({ "git.fullurl": `git://${host}/app`, ...attrs })),
    storage,
    memory,
  );
  const { digest } = await op.recipe(scope);
  const [ref] = await op.execute([], scope);
  if (ref?.kind !== "snapshot") throw new Error("no snapshot");
  const { id } = ref;
  const read = async <T>(work: (root: string) => Promise<T>) => {
    await using mounted = await storage.mount(storage.snapshots.view(id));
    return await work(mounted.path);
  };
  const list = () => read(async (root) => (await readdir(root)).sort());
  const text = (path: string) => read((root) => readFile(join(root, path), "utf8"));
  return { digest, list, text, read };
}

describe("a checkout", () => {
  test("is of the default branch when nothing else is said", async () => {
    const made = await checkOut("");
    expect(await made.list()).toEqual(["a.txt", "dir"]);
    expect(await made.text("a.txt")).toBe("2");
  });

  test("of a branch and of its commit are the same step", async () => {
    const [branch, id] = await Promise.all([checkOut("#main"), checkOut(`#${commits[1]}`)]);
    expect(branch.digest).toBe(id.digest);
  });

  test("of an annotated tag is the tagged commit", async () => {
    expect(await (await checkOut("#v1")).text("a.txt")).toBe("1");
    expect((await checkOut("#v1")).digest).toBe((await checkOut(`#${commits[0]}`)).digest);
  });

  test("by the commit that is pinned needs no ref of that name", async () => {
    const pinned = { "git.fetchbycommit": "true", "git.checksum": commits[0] ?? "" };
    expect(await (await checkOut("#release", pinned)).text("a.txt")).toBe("1");
  });

  test("of a subdirectory holds just that", async () => {
    expect(await (await checkOut("#main:dir")).list()).toEqual(["b.txt"]);
  });

  test("with .git kept is a repository at that commit", async () => {
    const made = await checkOut("#v1", { "git.keepgitdir": "true" });
    expect(await made.list()).toEqual([".git", "a.txt", "dir"]);
    await made.read(async (root) => {
      expect(git(root, "rev-parse", "HEAD")).toBe(commits[0]);
      expect(git(root, "for-each-ref", "--format=%(refname) %(objecttype)")).toBe("refs/tags/v1 tag");
    });
    const branch = await checkOut("", { "git.keepgitdir": "true" });
    await branch.read(async (root) => expect(git(root, "rev-parse", "refs/heads/main")).toBe(commits[1]));
  });

  test("brings submodules, unless told otherwise", async () => {
    const made = await checkOut("#sub");
    expect(await made.text("lib/p.txt")).toBe("part");
    expect(await made.list()).toEqual([".gitmodules", "a.txt", "dir", "lib"]);
    expect(await made.read((root) => readdir(join(root, "lib")))).toEqual(["p.txt"]);
    const bare = await checkOut("#sub", { "git.skipsubmodules": "true" });
    expect(await bare.read((root) => readdir(join(root, "lib")).catch(() => []))).toEqual([]);
  });

  test("takes the commit's time when asked to", async () => {
    const made = await checkOut("#v1", { "git.mtime": "commit" });
    const time = Number(git(join(folder, "app"), "show", "-s", "--format=%ct", commits[0] ?? ""));
    expect(await made.read(async (root) => (await stat(join(root, "a.txt"))).mtimeMs / 1000)).toBe(time);
  });
});

test("gitMetadata() has the raw commit and tag", async () => {
  const attrs = new Map([["git.fullurl", `git://${host}/app`]]);
  const meta = await gitMetadata(`git://${host}/app#v1`, attrs, true, storage, new SourceAnswers(), scope);
  expect(meta).toMatchObject({ ref: "refs/tags/v1", commitChecksum: commits[0] });
  expect(Buffer.from(meta.commitObject ?? []).toString()).toMatch(/^tree [0-9a-f]{40}\nauthor /);
  expect(Buffer.from(meta.tagObject ?? []).toString()).toContain(`object ${commits[0]}\ntype commit\ntag v1\n`);
});

test("gitMetadata() names the branch that the remote's HEAD is", async () => {
  const attrs = new Map([["git.fullurl", `git://${host}/app`]]);
  const meta = await gitMetadata(`git://${host}/app`, attrs, false, storage, new SourceAnswers(), scope);
  expect(meta).toEqual({ ref: "refs/heads/main", checksum: commits[1], commitChecksum: "" });
});

test("a tag that moves during a build stays what it was, in this build", async () => {
  const memory = new SourceAnswers();
  git(join(folder, "app"), "tag", "moving", commits[0] ?? "");
  expect(await (await checkOut("#moving", {}, memory)).text("a.txt")).toBe("1");
  git(join(folder, "app"), "tag", "-f", "moving", commits[1] ?? "");
  expect(await (await checkOut("#moving", {}, memory)).text("a.txt")).toBe("1");
  expect(await (await checkOut("#moving")).text("a.txt")).toBe("2");
});

describe("a checkout that fails", () => {
  test("names the ref that is not there", async () => {
    await expect(checkOut("#nope")).rejects.toThrow("repository does not contain ref nope");
  });
  test("tells when the checksum is another", async () => {
    await expect(checkOut("#main", { "git.checksum": "abcdef" })).rejects.toThrow(
      `expected checksum to match abcdef, got ${commits[1]}`,
    );
  });
  test("needs ssh agents to be offered", async () => {
    await expect(checkOut("", { "git.mountsshsock": "default" })).rejects.toThrow(
      'no SSH key "default" forwarded from the client',
    );
  });
});

describe("a source that must be signed", () => {
  const fixture = (name: string) => readFileSync(join(import.meta.dirname, "../signatures/fixtures", name), "utf8");
  const insert = (kind: string, name: string) =>
    execFileSync("git", ["hash-object", "-t", kind, "-w", "--stdin"], {
      cwd: join(folder, "app"),
      input: fixture(name),
    })
      .toString()
      .trim();

  test("is checked out when its tag or its commit is, and not otherwise", async () => {
    const app = join(folder, "app");
    writeFileSync(join(folder, "signed"), "signed\n");
    const blob = git(app, "hash-object", "-w", join(folder, "signed"));
    execFileSync("git", ["mktree"], { cwd: app, input: `100644 blob ${blob}\ta.txt\n` });
    const commit = insert("commit", "commit-ann");
    git(app, "update-ref", "refs/tags/signed", insert("tag", "tag-bob"));
    git(app, "update-ref", "refs/tags/plain", insert("commit", "commit-plain"));
    const [ann, bob] = ["pgp-ann.asc", "ssh-ed25519.pub"].map((name) => ({ "git.sig.pubkey": fixture(name) }));

    const made = await checkOut("#signed", { ...bob, "git.sig.requiresignedtag": "true" });
    expect(await made.text("a.txt")).toBe("signed\n");
    expect((await checkOut(`#${commit}`, ann)).digest).toBe(made.digest);
    await expect(checkOut("#signed", { ...bob, "git.sig.ignoresignedtag": "true" })).rejects.toThrow(
      "failed to read armored public key",
    );
    await expect(checkOut("#plain", ann)).rejects.toThrow("git object is not signed");
    await expect(checkOut("#signed", { "git.sig.rejectexpired": "true" })).rejects.toThrow("no armored data found");

    const metadata = (ref: string, attrs: Record<string, string>) =>
      gitMetadata(
        `git://${host}/app#${ref}`,
        new Map(Object.entries({ "git.fullurl": `git://${host}/app`, ...attrs })),
        true,
        storage,
        new SourceAnswers(),
        scope,
      );
    expect(Buffer.from((await metadata("signed", { ...bob })).tagObject ?? []).toString()).toBe(fixture("tag-bob"));
    await expect(metadata("plain", { ...ann })).rejects.toThrow("git object is not signed");
  });
});

test("a kept repository says whose it is, without a login", async () => {
  const remote = "https://user:secret@host.test/app.git";
  const source = gitAttributes(remote, new Map([["git.fullurl", remote]]));
  await inRepository(source, { name: "HEAD", sha: "", commit: "" }, storage, scope, async () => {});
  const told = (await storage.reclaim.usage(quietScope)).map(({ description }) => description);
  expect(told).toContain("shared git repo for https://xxxxx:xxxxx@host.test/app.git");
});

test("a tag whose commit is another than the remote said is refused", async () => {
  const remote = `git://${host}/app`;
  const sha = git(join(folder, "app"), "rev-parse", "v1");
  const runner = gitRunner({}, () => {}, scope);
  const found = { name: "refs/tags/v1", sha, commit: commits[1] ?? "" };
  const repository = join(folder, "liar.git");
  const source = gitAttributes(remote, new Map([["git.fullurl", remote]]));
  await fetchCommit(runner, repository, source, { ...found, name: "refs/heads/main", sha: found.commit });
  await expect(fetchCommit(runner, repository, source, found)).rejects.toThrow(
    `tag ${sha} is of commit ${commits[0]}, the remote said ${commits[1]}`,
  );
});
