import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** An image ready to be pushed: blobs and the manifest that names them. */
export interface TestImage {
  readonly blobs: readonly Buffer[];
  readonly manifest: Buffer;
  readonly mediaType: string;
}

export const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A busybox image of one layer, made of Debian's busybox-static: the same bytes every time on one machine. */
export function busyboxImage(): TestImage {
  const root = mkdtempSync(join(tmpdir(), "cooper-base-"));
  try {
    fillBusybox(root);
    return imageOf([tarOf(root)], {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Cmd: ["sh"],
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function fillBusybox(root: string): void {
  // The folder itself becomes the image's "/", which every user must be able to enter.
  chmodSync(root, 0o755);
  for (const folder of ["bin", "etc", "tmp", "root", "var", "usr/bin", "home"])
    mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  copyFileSync("/usr/bin/busybox", join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  const applets = execFileSync("/usr/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const applet of applets) if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\ndaemon:x:1:\nwheel:x:10:root\nnogroup:x:65534:\n");
}

/** The folder as a tar, entries sorted, owned by root, dated 1970. */
export function tarOf(folder: string): Buffer {
  const flags = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=posix"];
  const pax = "--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f";
  return execFileSync("tar", [...flags, pax, "-C", folder, "-cf", "-", "."], { maxBuffer: 1 << 30 });
}

/** An image of the given layer tars, lowest first. */
export function imageOf(tars: readonly Buffer[], config: Record<string, unknown> = {}, level = 6): TestImage {
  const layers = tars.map((tar) => gzipSync(tar, { level }));
  const configBytes = Buffer.from(
    JSON.stringify({
      created: "1970-01-01T00:00:00Z",
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: tars.map(sha256) },
      history: tars.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "test" })),
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const describe = (type: string, bytes: Buffer) => ({
    mediaType: type,
    digest: sha256(bytes),
    size: bytes.byteLength,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe("application/vnd.oci.image.config.v1+json", configBytes),
      layers: layers.map((layer) => describe("application/vnd.oci.image.layer.v1.tar+gzip", layer)),
    }),
  );
  return { blobs: [configBytes, ...layers], manifest, mediaType };
}
