import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { runWith } from "../../src/cli/command.ts";
import { recordingIo } from "../../src/cli/testing/io.ts";
import { Lab } from "../../test/support/lab.ts";
import type { TestRegistry } from "../../test/support/registry.ts";
import { listFolder, listLayoutFolder } from "./folder-listing.ts";
import { pullLayout } from "./pull-layout.ts";
import { imagesFolder, type RecordedBlob, type Recording, type TarEntry } from "./recording.ts";
import { writeContext } from "./surroundings.ts";
import { listTar } from "./tar-listing.ts";

/** The registry of the captures; in its place is the one of the test. */
export const capturedRegistry = "127.0.0.1:5055";

export type Snapshotter = "overlayfs" | "native";

/** The build of a recording, run by Cooper from an empty root; and all that it printed. */
export async function observe(
  recorded: Recording,
  registry: TestRegistry,
  snapshotter: Snapshotter = "overlayfs",
): Promise<Recording & { log: string }> {
  using lab = new Lab(registry);
  writeContext(lab.context);
  const dockerfile = join(lab.folder, "dockerfile");
  mkdirSync(dockerfile);
  writeFileSync(
    join(dockerfile, "Dockerfile"),
    readFileSync(join(imagesFolder, "dockerfiles", `${recorded.dockerfile}.Dockerfile`)),
  );
  const here = (text: string) =>
    text.replaceAll("OUT", join(lab.folder, "OUT")).replaceAll(capturedRegistry, registry.host);
  const { code, log } = await runHere(lab, snapshotter, [
    ...[
      "--local",
      `context=${lab.context}`,
      "--local",
      `dockerfile=${dockerfile}`,
      "--metadata-file",
      join(lab.folder, "metadata.json"),
    ],
    ...Object.entries(recorded.options).flatMap(([key, value]) => ["--opt", here(`${key}=${value}`)]),
    ...(recorded.output === "" ? [] : ["--output", here(recorded.output)]),
    ...recorded.extra.map(here),
  ]);
  const metadata = readIfThere(join(lab.folder, "metadata.json"));
  const error = /^error: .*\n/m.exec(log)?.[0];
  return {
    ...recordedInput(recorded),
    exit: code ?? -1,
    ...(await outcome(recorded.output, join(lab.folder, "OUT"), metadata)),
    ...(metadata !== undefined && { metadata }),
    ...(error !== undefined && { error }),
    progress: exportLines(log),
    log,
  };
}

/** The command in this process: fifty starts of Node would take longer than all the rest. */
async function runHere(
  lab: Lab,
  snapshotter: Snapshotter,
  args: readonly string[],
): Promise<{ code: number; log: string }> {
  const config = join(lab.folder, "buildkitd.toml");
  const flags = `--root ${lab.root} --config ${config} --oci-worker-snapshotter=${snapshotter}`;
  const env = { BUILDKITD_FLAGS: flags, DOCKER_CONFIG: lab.folder, PATH: process.env.PATH };
  const { io, recorded } = recordingIo({ cwd: lab.folder, env });
  const argv = ["build", "--frontend", "dockerfile.v0", "--progress=plain", ...args];
  const code = await runWith("buildctl-daemonless.sh", argv, io);
  return { code, log: recorded.stderr };
}

function recordedInput({ dockerfile, options, output, extra }: Recording) {
  return { dockerfile, options, output, extra };
}

async function outcome(output: string, out: string, metadata: string | undefined): Promise<Partial<Recording>> {
  const type = /type=(\w+)/.exec(output)?.[1];
  if (type === "image") return output.includes("push=true") && metadata !== undefined ? await pushed(metadata) : {};
  if (!existsSync(out)) return {};
  if (type === "tar") return { tar: listTar(readFileSync(out)).entries };
  if (type === "local") return { folder: listFolder(out) };
  if (statSync(out).isDirectory()) return { folder: listLayoutFolder(out), ...describeLayout(folderFiles(out)) };
  const { entries, bodies } = listTar(readFileSync(out));
  return { outer: entries, ...describeLayout(bodies) };
}

async function pushed(metadata: string): Promise<Partial<Recording>> {
  const { "image.name": names, "containerimage.descriptor": root } = JSON.parse(metadata);
  const blobs = await pullLayout(names.split(",")[0], root);
  return { root, ...describeBlobs(blobs) };
}

function folderFiles(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}

function describeLayout(files: ReadonlyMap<string, Buffer>): Partial<Recording> {
  const tops = ["index.json", "oci-layout", "manifest.json"].filter((name) => files.has(name));
  const blobs = [...files].filter(([name]) => /^blobs\/sha256\/\w/.test(name));
  const byDigest = new Map(blobs.map(([name, bytes]) => [`sha256:${name.slice("blobs/sha256/".length)}`, bytes]));
  return {
    files: Object.fromEntries(tops.map((name) => [name, files.get(name)?.toString("utf8") ?? ""])),
    ...describeBlobs(byDigest, files.get("index.json")),
  };
}

/** What each blob is, by the descriptors that name it; every digest and size is checked on the way. */
function describeBlobs(bytes: ReadonlyMap<string, Buffer>, index?: Buffer): Pick<Recording, "blobs" | "layers"> {
  const documents = [...(index ? [index] : []), ...bytes.values()].filter((text) => text[0] === 0x7b);
  const descriptors = documents.flatMap((text) => descriptorsIn(JSON.parse(text.toString("utf8"))));
  const blobs: Record<string, RecordedBlob> = {};
  const layers: Record<string, readonly TarEntry[]> = {};
  for (const [digest, content] of bytes) {
    const found = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const of = descriptors.filter((one) => one.digest === digest);
    const wrong = of.filter(({ size }) => size !== content.length);
    if (found !== digest || wrong.length > 0) throw new Error(`${digest} is ${found} of ${content.length} bytes`);
    const mediaType = of[0]?.mediaType ?? (JSON.parse(content.toString("utf8")).mediaType as string);
    if (!/\.tar|rootfs\.diff/.test(mediaType)) blobs[digest] = { mediaType, text: content.toString("utf8") };
    else {
      const { layer, entries } = describeLayer(content);
      blobs[digest] = { mediaType, ...layer };
      layers[layer.diffId] = entries;
    }
  }
  return { blobs, layers };
}

function describeLayer(content: Buffer) {
  const begin = content.toString("hex", 0, 18);
  const compression = begin.startsWith("1f8b") ? "gzip" : begin.startsWith("28b52ffd") ? "zstd" : "none";
  const unpack = { gzip: gunzipSync, zstd: zstdDecompressSync, none: (bytes: Buffer) => bytes }[compression];
  const tar = unpack(content);
  const { entries, zeroBlocks } = listTar(tar);
  const diffId = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
  return { layer: { diffId, compression, begin, zeroBlocks }, entries };
}

type Descriptor = { mediaType: string; digest: string; size: number };

function descriptorsIn(value: unknown): Descriptor[] {
  if (typeof value !== "object" || value === null) return [];
  const self = "digest" in value && "size" in value && "mediaType" in value ? [value as Descriptor] : [];
  return [...self, ...Object.values(value).flatMap(descriptorsIn)];
}

/** The lines of the vertices whose name begins with `exporting to`. */
function exportLines(log: string): string[] {
  const lines = log.split("\n");
  const numbers = new Set(lines.flatMap((line) => /^(#\d+) exporting to /.exec(line)?.[1] ?? []));
  return lines.filter((line) => numbers.has(line.split(" ", 1)[0] ?? ""));
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
