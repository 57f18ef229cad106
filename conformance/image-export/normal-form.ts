import type { FolderEntry, RecordedBlob, Recording, TarEntry } from "./recording.ts";
import { baseTime } from "./surroundings.ts";

/** What of a recording depends on chance or on the machine, and when it was made. */
export interface Moment {
  /** Seconds since 1970: a time from here to an hour later is "now". */
  readonly from: number;
  readonly registry: string;
}

const base = "BASE";

/** A recording with names for digests, times of the build and sizes of compressed blobs: what two runs of one build share. */
export function normalForm(recording: Recording, moment: Moment): Record<string, unknown> {
  const labels = new Labels(recording, moment);
  const { blobs = {}, layers = {}, files = {}, outer, tar, folder, metadata, error, root } = recording;
  const text = (value: string) => labels.text(value);
  const sorted = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    exit: recording.exit,
    files: mapValues(files, text),
    root: root === undefined ? undefined : text(JSON.stringify(root)),
    blobs: Object.fromEntries(
      Object.entries(blobs)
        .map(([digest, blob]) => [text(digest), blobForm(blob, text)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    layers: Object.fromEntries(
      Object.entries(layers)
        .filter(([diffId]) => text(diffId) !== base)
        .map(([diffId, entries]) => [text(diffId), entries.map((entry) => entryForm(entry, moment))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    outer: outer === undefined ? undefined : sorted(outer.map((entry) => outerForm(entry, labels))),
    tar: tar?.filter(({ name }) => !isOfBase(name, recording)).map((entry) => entryForm(entry, moment)),
    folder: folder === undefined ? undefined : sorted(folder.map((entry) => folderForm(entry, labels, moment))),
    metadata: metadata === undefined ? undefined : text(metadata),
    error: error === undefined ? undefined : text(error),
    progress: progressForm(recording, text),
  };
}

/** Names for digests, in order of appearance from the index or the metadata file on. */
class Labels {
  readonly #names = new Map<string, string>();
  readonly #moment: Moment;
  constructor(recording: Recording, moment: Moment) {
    this.#moment = moment;
    this.#keepCertainLayers(recording);
    const queue = [recording.files?.["index.json"] ?? JSON.stringify(recording.root ?? recording.metadata ?? "")];
    for (const text of queue) {
      for (const digest of settled(text).match(/sha256:[0-9a-f]{64}/g) ?? []) {
        if (!this.#names.has(digest)) this.#name(digest);
        const blob = recording.blobs?.[digest];
        if (blob !== undefined && "text" in blob && !queue.includes(blob.text)) queue.push(blob.text);
      }
    }
  }

  /** A tar whose files all have times of their own has the same digest everywhere. The base image's has its own name. */
  #keepCertainLayers({ blobs = {}, layers = {}, output }: Recording): void {
    // In eStargz's, the table at the end of the tar says where the compressor has put each file.
    const hasTables = output.includes("compression=estargz");
    for (const blob of Object.values(blobs)) {
      if ("text" in blob) continue;
      const entries = layers[blob.diffId];
      if (entries === undefined || entries.some(({ name }) => name === "bin/busybox")) {
        this.#names.set(blob.diffId, base);
      } else if (!hasTables && !entries.some(({ mtime }) => isNow(mtime, this.#moment)))
        this.#names.set(blob.diffId, blob.diffId);
    }
  }

  text(value: string): string {
    return settled(value)
      .replaceAll(this.#moment.registry, "REGISTRY")
      .replaceAll(this.#moment.registry.replace(":", "%3A"), "REGISTRY")
      .replace(/sha256[:/][0-9a-f]{64}/g, (digest) => this.#name(digest))
      .replace(/("size": ?)\d+/g, "$1N")
      .replace(/(Tool: buildkit-)[^"]*/g, "$1VERSION")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z/g, (time) =>
        isNow(Date.parse(time) / 1000, this.#moment) ? "NOW" : time,
      );
  }

  #name(text: string): string {
    const digest = text.replace("/", ":");
    const known = this.#names.get(digest) ?? `DIGEST-${this.#names.size}`;
    this.#names.set(digest, known);
    return known;
  }
}

/**
 * Names of builds are chance; so is the order of the digests of steps, which depend on the session. Digests of images are written in
 * one way.
 */
function settled(text: string): string {
  return text
    .replace(/("(?:uri|name)": ?"pkg:[^"]*",\s*"digest": ?\{\s*"sha256": ?")([0-9a-f]{64})/g, "$1sha256:$2")
    .replace(/("(?:invocationId|buildInvocationID)": ?")\w{25}"/g, '$1ID"')
    .replace(/(?<="digestMapping": ?\{)[^}]*(?=\})/g, (mapping) => {
      const entries = mapping.split(",").map((entry) => entry.trim());
      const step = (entry: string) => Number(/step(\d+)/.exec(entry)?.[1]);
      return entries.sort((a, b) => step(a) - step(b)).join(",");
    });
}

function isNow(seconds: number, { from }: Moment): boolean {
  return seconds !== baseTime && seconds >= from && seconds < from + 3600;
}

function blobForm(blob: RecordedBlob, text: (value: string) => string): object {
  if ("text" in blob) return { ...blob, text: text(blob.text) };
  const diffId = text(blob.diffId);
  if (diffId === base) return { mediaType: blob.mediaType, diffId, compression: blob.compression };
  // gzip's whole header, zstd's magic.
  const length = blob.compression === "none" ? 0 : blob.compression === "gzip" ? 20 : 8;
  return { ...blob, diffId, begin: blob.begin.slice(0, length) };
}

function entryForm({ size, sha256, ...entry }: TarEntry, moment: Moment): object {
  const content = isProvenance(entry.name) ? {} : { size, sha256 };
  return { ...entry, ...content, mtime: isNow(entry.mtime, moment) ? "NOW" : entry.mtime };
}

function outerForm({ sha256, size, ...entry }: TarEntry, labels: Labels): { readonly name: string } {
  return { ...entry, name: labels.text(entry.name), ...(entry.name === "oci-layout" && { size, sha256 }) };
}

function folderForm(entry: FolderEntry, labels: Labels, moment: Moment): { readonly name: string } {
  const { mtime, size } = entry;
  const ofLayout = mtime === undefined;
  return {
    ...entry,
    ...(entry.xattrs !== undefined && Object.keys(entry.xattrs).length === 0 && { xattrs: undefined }),
    name: labels.text(entry.name),
    ...(entry.json !== undefined && { json: labels.text(JSON.stringify(entry.json)) }),
    ...(isProvenance(entry.name) && { size: "N" }),
    ...(ofLayout
      ? { size: entry.name === "oci-layout" ? size : "N" }
      : { mtime: isNow(mtime, moment) ? "NOW" : mtime }),
  };
}

/** Its size depends on how often a time ends with a zero. */
function isProvenance(name: string): boolean {
  return /provenance[^/]*\.json$/.test(name);
}

/** The base image's files are another busybox's; its folders count. */
function isOfBase(name: string, { dockerfile }: Recording): boolean {
  return dockerfile === "run" && !name.startsWith("work/") && !["root/", "bin/"].includes(name);
}

/** What the captures have of progress: all lines but these; `...` is where a slower one is left for another. Each line once, as it ended; two exporters' lines may be mixed. How far a failed export came does not matter. */
function progressForm({ progress, exit }: Recording, text: (value: string) => string): string[] {
  const ended = progress.map((line) =>
    text(line)
      .replace(/^#\d+ /, "")
      // Upstream counts the bytes of its protocol.
      .replace(/^(copying files( linux\/\w+)?)( .*)?$/, "$1")
      .replace(/( \d+(\.\d+)?s)?( done)?$/, ""),
  );
  const lines = [...new Set(ended)].filter((line) => !/^(DONE$|rewriting layers |\.\.\.$)/.test(line)).sort();
  return exit === 0 ? lines : lines.filter((line) => /^(exporting to|ERROR:) /.test(line));
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
