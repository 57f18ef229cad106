import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tarOf } from "../support/base-image.ts";
import { describeScenarios, play, useStage } from "../support/scenario.ts";
import { startWeb, type TestWeb } from "../support/web.ts";

/** Makes a tar of the given files; names and order as given, parents only when named. */
function tarFile(context: string, name: string, make: (folder: string) => void, members: readonly string[]): void {
  const folder = join(context, "..", "tar-source");
  mkdirSync(folder);
  make(folder);
  const flags = ["--no-recursion", "--owner=7", "--group=8", "--numeric-owner", "--mtime=@1234567890", "-a"];
  execFileSync("tar", [...flags, "-C", folder, "-cf", join(context, name), ...members]);
  rmSync(folder, { recursive: true });
}

const fooTar = (context: string, name: string, text = "content") =>
  tarFile(context, name, (folder) => writeFileSync(join(folder, "foo"), text, { mode: 0o640 }), ["foo"]);

describeScenarios("ADD of archives", {
  "unpacks a tar, plain or compressed, and leaves it whole when told": {
    dockerfile: `
FROM scratch
ADD t.tar /plain/
ADD t.tar.gz /gzip/
ADD t.tar.bz2 /bzip2/
ADD t.tar.xz /xz
ADD t.tar.zst /zstd
ADD --unpack=false t.tar.gz /left/
COPY t.tar.gz /copied/
ADD --unpack t.tar /told/
ADD no.tar /named/
ADD no.tar.gz /named/
`,
    files: { "no.tar": "no archive", "no.tar.gz": "\x1f\x8b no archive" },
    prepare: (context) => {
      for (const end of ["", ".gz", ".bz2", ".xz", ".zst"]) fooTar(context, `t.tar${end}`);
    },
    holds: {
      "plain/foo": { text: "content", mode: 0o640, owner: [7, 8], time: 1234567890 },
      "gzip/foo": "content",
      "bzip2/foo": "content",
      "xz/foo": "content",
      "zstd/foo": "content",
      left: { names: ["t.tar.gz"] },
      copied: { names: ["t.tar.gz"] },
      "told/foo": "content",
      "named/no.tar": "no archive",
      named: { names: ["no.tar", "no.tar.gz"] },
    },
  },

  "makes directories that the archive only implies": {
    dockerfile: "FROM scratch\nADD t.tar.gz /\n",
    prepare: (context) =>
      tarFile(
        context,
        "t.tar.gz",
        (folder) => {
          mkdirSync(join(folder, "etc/dnf"), { recursive: true });
          writeFileSync(join(folder, "etc/dnf/dnf.conf"), "conf");
        },
        ["etc/dnf", "etc/dnf/dnf.conf"],
      ),
    holds: { "etc/dnf/dnf.conf": "conf", etc: { mode: 0o755 } },
  },

  "unpacks through an absolute link of the tree, inside the tree": {
    dockerfile: "FROM scratch\nADD root.tar /\nADD load.tar /\n",
    prepare: (context) => {
      tarFile(
        context,
        "root.tar",
        (folder) => {
          mkdirSync(join(folder, "run"));
          mkdirSync(join(folder, "var"));
          symlinkSync("/run", join(folder, "var/run"));
        },
        ["run", "var", "var/run"],
      );
      tarFile(
        context,
        "load.tar",
        (folder) => {
          mkdirSync(join(folder, "var/run/act/.git"), { recursive: true });
          writeFileSync(join(folder, "var/run/act/.git/HEAD"), "ref");
          execFileSync("ln", [join(folder, "var/run/act/.git/HEAD"), join(folder, "var/run/act/.git/LINK")]);
        },
        ["var/run/act", "var/run/act/.git", "var/run/act/.git/HEAD", "var/run/act/.git/LINK"],
      );
    },
    holds: { "var/run": { link: "/run" }, "run/act/.git/HEAD": "ref", "run/act/.git/LINK": "ref" },
  },

  "gives everything to the owner of --chown": {
    dockerfile: "FROM scratch\nADD --chown=100:200 t.tar /out/\n",
    prepare: (context) => fooTar(context, "t.tar"),
    holds: { out: { owner: [100, 200] }, "out/foo": { text: "content", owner: [100, 200] } },
  },

  "unpacks every archive that a wildcard means": {
    dockerfile: "FROM scratch\nADD *.tar /dest\n",
    prepare: (context) => {
      fooTar(context, "a.tar", "from a");
      tarFile(context, "b.tar", (folder) => writeFileSync(join(folder, "bar"), "from b"), ["bar"]);
    },
    holds: { "dest/foo": "from a", "dest/bar": "from b", dest: { names: ["bar", "foo"] } },
  },

  "makes the parents of a link's target that is not there": {
    dockerfile: "FROM scratch\nADD t.tar /\nCOPY foo /symlink/\n",
    files: { foo: "foo" },
    prepare: (context) =>
      tarFile(context, "t.tar", (folder) => symlinkSync("../tmp/target", join(folder, "symlink")), ["symlink"]),
    holds: { "tmp/target/foo": "foo" },
  },

  "of a local file, with an owner from variables": {
    dockerfile: "FROM busybox\nARG group\nENV owner=1000\nADD --chown=$owner:$group foo /\n",
    files: { foo: "foo" },
    options: ["build-arg:group=nogroup"],
    holds: { foo: { text: "foo", owner: [1000, 65534] } },
  },

  "refuses modes that are none": {
    dockerfile: "FROM scratch\nADD --chmod=64a foo /\n",
    files: { foo: "" },
    fails: ["invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777"],
  },

  "refuses modes that are too large": {
    dockerfile: "FROM scratch\nADD --chmod=10000 foo /\n",
    files: { foo: "" },
    fails: ["invalid chmod parameter: '10000'. it should be octal string and between 0 and 07777"],
  },
});

describe("ADD of URLs", () => {
  const stage = useStage();
  let web: TestWeb;
  let archive: Buffer;
  const modified = new Date("2021-03-04T05:06:07Z");
  const content = "content1";
  const digest = createHash("sha256").update(content).digest("hex");

  beforeAll(async () => {
    const folder = join(stage().lab.folder, "tar-source");
    mkdirSync(folder);
    writeFileSync(join(folder, "foo"), "in the archive");
    archive = gzipSync(tarOf(folder));
    web = await startWeb({
      "/foo": { body: content, etag: "e1" },
      "/": { body: "content2", etag: "e2", modified },
      "/t.tar.gz": { body: archive, etag: "e3" },
      // A name in the URL wins over the one that the server gives.
      "/named": { body: "n", headers: { "content-disposition": 'attachment; filename="real.txt"' } },
    });
  });
  afterAll(() => web[Symbol.asyncDispose]());

  test("downloads once, asks with HEAD the second time", async () => {
    const dockerfile = `FROM scratch\nADD ${web.url}/foo /dest/\n`;
    await play({ dockerfile, holds: { "dest/foo": { text: content, mode: 0o600, owner: [0, 0] } } }, stage().lab);
    await play({ dockerfile, holds: { "dest/foo": content } }, stage().lab);
    const asked = web.requests.filter(({ line }) => line.endsWith(" /foo"));
    expect(asked.map(({ line }) => line)).toEqual(["GET /foo", "HEAD /foo"]);
    for (const { headers } of asked) expect(headers["user-agent"]).toContain("buildkit/v");
  });

  test("takes the name from the URL, the time from the answer", async () => {
    const dockerfile = `FROM scratch\nADD ${web.url}/ /dest/\nADD ${web.url}/named /dest/\nADD ${web.url}/foo /as\n`;
    const time = modified.getTime() / 1000;
    const holds = {
      "dest/__unnamed__": { text: "content2", time },
      dest: { names: ["__unnamed__", "named"] },
      as: { text: content, time: 0 },
    };
    await play({ dockerfile, holds }, stage().lab);
  });

  test("unpacks an archive only when told", async () => {
    const dockerfile = `
FROM scratch
ADD ${web.url}/t.tar.gz /
ADD ${web.url}/t.tar.gz /newname.tar.gz
ADD --unpack=true ${web.url}/t.tar.gz /dest/
`;
    const { out } = await (async () => {
      stage().lab.clear().write({ Dockerfile: dockerfile });
      return stage().lab.build();
    })();
    const hash = (name: string) =>
      createHash("sha256")
        .update(execFileSync("cat", [join(out, name)]))
        .digest("hex");
    const wanted = createHash("sha256").update(archive).digest("hex");
    expect([hash("t.tar.gz"), hash("newname.tar.gz")]).toEqual([wanted, wanted]);
    expect(stage().lab.read(join(out, "dest/foo"))).toBe("in the archive");
  });

  test("--chmod, in octal and from a variable", async () => {
    const url = `${web.url}/foo`;
    const dockerfile = `
FROM scratch
ADD --chmod=644 ${url} /1
ADD --chmod=0413 ${url} /2
ARG mode
ADD --chmod=\${mode} ${url} /3
ADD --chmod=u=rwx,g=r ${url} /4
ADD --chown=5:6 ${url} /5
`;
    const holds = {
      "1": { mode: 0o644 },
      "2": { mode: 0o413 },
      "3": { mode: 0o400 },
      "4": { mode: 0o740 },
      "5": { owner: [5, 6] as const },
    };
    await play({ dockerfile, options: ["build-arg:mode=400"], holds }, stage().lab);
  });

  test.each<[string, (url: string) => string, string | undefined]>([
    ["the right one", (url) => `ADD --checksum=sha256:${digest} ${url} /foo`, undefined],
    ["from variables", (url) => `ENV D=sha256:${digest} L=${url}\nADD --checksum=\${D} \${L} /foo`, undefined],
    ["a wrong one", (url) => `ADD --checksum=sha256:${"0".repeat(64)} ${url} /foo`, "digest mismatch"],
    [
      "an algorithm that is not supported",
      (url) => `ADD --checksum=md5:${"0".repeat(32)} ${url} /foo`,
      "unsupported digest algorithm",
    ],
    [
      "an algorithm that is none",
      (url) => `ADD --checksum=unknown:${digest} ${url} /foo`,
      "unsupported digest algorithm",
    ],
    ["no algorithm", (url) => `ADD --checksum=${digest} ${url} /foo`, "invalid checksum digest format"],
    ["of a local file", () => `ADD --checksum=sha256:${digest} foo /foo`, "checksum requires HTTP(S) or Git sources"],
  ])("--checksum: %s", async (_, lines, failure) => {
    const dockerfile = `FROM scratch\n${lines(`${web.url}/foo`)}\n`;
    const outcome = failure === undefined ? { holds: { foo: content } } : { fails: [failure] };
    await play({ dockerfile, files: { foo: content }, ...outcome }, stage().lab);
  });

  test("a page that is not there fails with the status", async () => {
    const fails = [/invalid response status 404/];
    await play({ dockerfile: `FROM scratch\nADD ${web.url}/missing /\n`, fails }, stage().lab);
  });
});
