import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { lsetxattr, utimensat } from "../../src/sys/index.ts";
import { busyboxImage, sha256, type TestImage } from "../../test/support/base-image.ts";
import { imagesFolder } from "./recording.ts";

/** When the files of the captures' base image were made: later than every SOURCE_DATE_EPOCH in the cases. */
export const baseTime = 1795354274;

/** The busybox of the captures: its config and times as they were, its files those of this machine. `cmd` is what it runs. */
export function baseImage(cmd: readonly string[] = ["/bin/sh"]): TestImage {
  const folder = mkdtempSync(join(tmpdir(), "cooper-golden-base-"));
  try {
    const layer = busyboxImage().blobs[1] ?? Buffer.alloc(0);
    execFileSync("tar", ["-xpf", "-", "-C", folder], { input: gunzipSync(layer) });
    for (const name of ["dev", "proc", "sys"]) mkdirSync(join(folder, name));
    const flags = ["--sort=name", `--mtime=@${baseTime}`, "--numeric-owner", "--format=ustar", "--transform=s,^\\./,,"];
    const names = execFileSync("ls", ["-A", folder], { encoding: "utf8" }).trim().split("\n");
    const tar = execFileSync("tar", [...flags, "-C", folder, "-cf", "-", ...names], { maxBuffer: 1 << 28 });
    return imageOf(tar, cmd);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function imageOf(tar: Buffer, cmd: readonly string[]): TestImage {
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      created: "2026-11-22T13:31:14.713534956Z",
      architecture: "amd64",
      os: "linux",
      config: {
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        Cmd: cmd,
        Labels: { "io.buildah.version": "1.28.2" },
      },
      rootfs: { type: "layers", diff_ids: [sha256(tar)] },
      history: [{ created: "2026-11-22T13:31:14.713534956Z", created_by: "/bin/sh" }],
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const describe = (type: string, bytes: Buffer) => ({ mediaType: type, digest: sha256(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe("application/vnd.oci.image.config.v1+json", config),
      layers: [describe("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    }),
  );
  return { blobs: [config, layer], manifest, mediaType };
}

/** The scanner of the captures, on the same base: it writes one statement, whatever there is to scan. */
export function scannerImage(): TestImage {
  const statement = JSON.stringify({
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType: "https://spdx.dev/Document",
    predicate: { spdxVersion: "SPDX-2.3", SPDXID: "SPDXRef-DOCUMENT", name: "sbom" },
  });
  return baseImage(["/bin/sh", "-c", `echo '${statement}' > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json`]);
}

interface ContextFile {
  readonly name: string;
  readonly mode: string;
  readonly mtime: number;
  readonly content?: string;
  readonly linkname?: string;
}

/** The build context of the captures, file by file. */
export function writeContext(folder: string): void {
  const text = readFileSync(join(imagesFolder, "context.jsonl"), "utf8").trim();
  const files = text.split("\n").map((line) => JSON.parse(line) as ContextFile);
  for (const file of files) writeFile(folder, file);
  lsetxattr(join(folder, "b.sh"), "user.golden", Buffer.from("val"));
  // A folder's time changes while it is filled.
  for (const { name, mtime } of files.toReversed()) {
    const time = BigInt(mtime) * 1_000_000_000n;
    utimensat(join(folder, name), time, time);
  }
}

function writeFile(folder: string, { name, mode, content, linkname }: ContextFile): void {
  const path = join(folder, name);
  if (linkname !== undefined) symlinkSync(linkname, path);
  else if (content === undefined) mkdirSync(path);
  else if (name === "hard") linkSync(join(folder, "a.txt"), path);
  else writeFileSync(path, content);
  if (linkname === undefined) execFileSync("chmod", [mode.slice(-4), path]);
}
