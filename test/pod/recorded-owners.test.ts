/** A process that may not change owners builds the very image that root builds: owners, modes, devices and attributes are recorded. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lsetxattr, mknod } from "../../src/sys/index.ts";
import { imageOf, type TestImage } from "../support/base-image.ts";
import { bundled } from "../support/bundle.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import { type Rights, type RightsOptions, RightsRoom } from "../support/rights.ts";

/** Debian's `ping` as cap_net_raw+ep. */
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");

/** Two layers with all that a user may not make; the second deletes, replaces and links what is in the first. */
function awkwardImage(): TestImage {
  const folder = mkdtempSync(join(tmpdir(), "cooper-awkward-"));
  const tarOf = (name: string) =>
    execFileSync(
      "tar",
      ["--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--mtime=@1000", "--format=posix"].concat([
        ...[
          "--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f",
          "-C",
          join(folder, name),
          "-cf",
          "-",
          ".",
        ],
      ]),
      { maxBuffer: 1 << 26 },
    );
  try {
    const [low, high] = [join(folder, "low"), join(folder, "high")];
    const put = (path: string, text: string, mode: number, uid = 0, gid = 0) => {
      writeFileSync(path, text);
      chownSync(path, uid, gid);
      chmodSync(path, mode);
    };
    for (const name of ["etc", "closed", "data/inner", "dev", "gone", "kept"])
      mkdirSync(join(low, name), { recursive: true });
    put(join(low, "etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:12:34::/:/bin/sh\n", 0o644);
    put(join(low, "etc/group"), "root:x:0:\napp:x:34:\n", 0o644);
    put(join(low, "etc/shadow"), "secret", 0o640, 0, 42);
    put(join(low, "closed/unreadable"), "hidden", 0o000);
    put(join(low, "data/set"), "#!", 0o6755, 7, 8);
    put(join(low, "data/ping"), "ping", 0o755);
    lsetxattr(join(low, "data/ping"), "security.capability", capability);
    put(join(low, "data/inner/file"), "of app", 0o600, 12, 34);
    put(join(low, "gone/file"), "old", 0o644, 5, 5);
    put(join(low, "kept/one"), "one", 0o604, 3, 4);
    linkSync(join(low, "kept/one"), join(low, "kept/two"));
    mknod(join(low, "dev/tty9"), 0o020660, 0x409n);
    mknod(join(low, "dev/fifo"), 0o010622);
    execFileSync("ln", ["-s", "../etc/shadow", join(low, "kept/link")]);
    execFileSync("chown", ["-h", "55:66", join(low, "kept/link")]);
    chownSync(join(low, "data/inner"), 12, 34);
    for (const [name, mode] of [
      ["closed", 0o000],
      ["data/inner", 0o2510],
      ["gone", 0o1777],
    ] as const) {
      chmodSync(join(low, name), mode);
    }
    mkdirSync(join(high, "gone"), { recursive: true });
    mkdirSync(join(high, "kept"));
    mkdirSync(join(high, "closed"), { mode: 0o700 });
    put(join(high, "gone/.wh.file"), "", 0o644);
    put(join(high, "kept/one"), "new one", 0o640, 1, 2);
    put(join(high, "closed/more"), "more", 0o000, 9, 9);
    return imageOf([tarOf("low"), tarOf("high")], { Env: ["A=b"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const dockerfile = `FROM awkward AS base
FROM base AS middle
COPY --chown=app:app --chmod=4750 app /opt/app/bin/
COPY tree /srv/tree
ADD packed.tar /unpacked/
WORKDIR /work/dir
USER app
WORKDIR mine
COPY <<EOT /work/text
here
EOT
FROM scratch AS out
COPY --from=middle /closed /closed
COPY --from=middle --chown=1:2 /data/ping /kept/link /owned/
COPY --from=middle /data /data
FROM middle
LABEL a=b
COPY --from=out / /all
COPY --from=base /etc/shadow /gone/file
ENTRYPOINT ["/opt/app/bin/app"]
`;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  await registry.push(awkwardImage(), "library/awkward", "latest");
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

/** A room with the context and a configuration in its `work`. */
function roomWithContext(rights: Rights, options: RightsOptions = {}): RightsRoom {
  const room = new RightsRoom(rights, options);
  const work = join(room.folder, "work");
  mkdirSync(join(work, "context/tree/sub"), { recursive: true });
  const files: Record<string, string> = {
    "context/Dockerfile": dockerfile,
    "context/app": "program",
    "context/tree/sub/file": "text",
    "buildkitd.toml": `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  chmodSync(join(work, "context/tree/sub"), 0o2755);
  const packed = ["--mtime=@5000", "--owner=70", "--group=71", "--mode=2770", "-C", join(work, "context"), "-cf"];
  execFileSync("tar", [...packed, join(work, "context/packed.tar"), "tree"]);
  execFileSync("chown", ["-R", rights === "privileged" ? "0:0" : "1000:1000", work]);
  for (const path of [
    "context/Dockerfile",
    "context/app",
    "context/tree/sub/file",
    "context/tree/sub",
    "context/tree",
  ]) {
    execFileSync("touch", ["-d", "@4000", join(work, path)]);
  }
  return room;
}

const script = (...outputs: readonly string[]) => `
export BUILDKITD_FLAGS="--root $PWD/root --config $PWD/buildkitd.toml"
node ${bundled("buildctl-daemonless")} build --progress=plain --frontend dockerfile.v0 --local context=context \
  --local dockerfile=context --opt build-arg:SOURCE_DATE_EPOCH=3000 ${outputs.map((one) => `--output ${one}`).join(" ")}`;

function digestOf(room: RightsRoom, file: string): string {
  const bytes = readFileSync(join(room.folder, "work", file));
  return createHash("sha256").update(bytes).digest("hex");
}

test("every output of a build without rights has root's bytes, by layers from a registry, stages, ADD and COPY", async () => {
  using root = roomWithContext("privileged");
  using user = roomWithContext("restricted");
  const build = script(
    "type=oci,dest=oci,rewrite-timestamp=true",
    "type=tar,dest=tar",
    "type=local,dest=local",
    "type=docker,name=a/b,dest=docker,compression=zstd,force-compression=true,rewrite-timestamp=true",
  );
  await Promise.all([root.sh(build), user.sh(build)]);
  // What a user may have of it: no devices, and all is the user's own.
  const listed = (room: RightsRoom) =>
    execFileSync("find", ["local", "-mindepth", "1", "-not", "-type", "c", "-printf", "%p %m %s %l %T@\\n"], {
      cwd: join(room.folder, "work"),
    });
  const lines = (room: RightsRoom) => listed(room).toString().split("\n").sort();
  expect(lines(user)).toEqual(lines(root));
  for (const file of ["oci", "tar", "docker"]) expect(digestOf(user, file), file).toBe(digestOf(root, file));
});

test("a step of a user namespace with a single id: what it makes is root's, what it leaves alone keeps its owner", async () => {
  using room = roomWithContext("rootless", { subordinateIds: false });
  const work = join(room.folder, "work");
  const dockerfile = `FROM busybox
COPY --chown=12:34 --chmod=640 app /kept
COPY --chown=12:34 app /replaced
RUN id -u >/made && cp /made /new && mv /new /replaced && chmod 755 /kept
`;
  writeFileSync(join(work, "context/Dockerfile"), dockerfile);
  await room.sh(script("type=tar,dest=out"));
  const list = execFileSync("tar", ["--numeric-owner", "-tvf", join(work, "out")], { encoding: "utf8" });
  const line = (name: string) => list.split("\n").find((each) => each.endsWith(` ${name}`));
  expect(line("kept")).toMatch(/^-rwxr-xr-x 12\/34 /);
  expect(line("replaced")).toMatch(/^-rw-r--r-- 0\/0 /);
  expect(line("made")).toMatch(/^-rw-r--r-- 0\/0 /);
});

test("pulled, changed and pushed without any right, the image is root's", async () => {
  const digests: string[] = [];
  for (const rights of ["privileged", "restricted"] as const) {
    using room = roomWithContext(rights);
    const name = `${registry.host}/team/app:${rights}`;
    await room.sh(script(`type=image,name=${name},push=true,rewrite-timestamp=true`));
    const answer = await fetch(`http://${registry.host}/v2/team/app/manifests/${rights}`, {
      headers: { accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json" },
    });
    digests.push(answer.headers.get("docker-content-digest") ?? "");
  }
  expect(digests[0]).toMatch(/^sha256:/);
  expect(digests[1]).toBe(digests[0]);
});
