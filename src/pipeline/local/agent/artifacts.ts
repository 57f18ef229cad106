import { createHash } from "node:crypto";
import { constants, copyFileSync, createWriteStream, lchownSync, readdirSync, statSync } from "node:fs";
import { copyFile, mkdir, open } from "node:fs/promises";
import { dirname, isAbsolute, join, posix, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolders, pathInside } from "../../../kit/index.ts";
import { pathGlob } from "../../expand/skipped.ts";

export interface Artifact {
  readonly path: string;
  readonly job: string;
  readonly stepKey: string;
  readonly size: number;
  readonly sha1: string;
  readonly sha256: string;
  /** Where its bytes are kept. */
  readonly file: string;
}

/** More files than this are nobody's artifacts. */
const maxFiles = 10_000;

/** The artifacts of a build: kept by job, and laid out in one folder as they come; the last one of a path counts there. */
export class Artifacts {
  readonly #store: string;
  readonly #folder: string;
  readonly #all: Artifact[] = [];
  #count = 0;
  constructor(store: string, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  get all(): readonly Artifact[] {
    return this.#all;
  }

  /**
   * Takes the files that fit the globs (`;` between them), relative to `cwd` as `hostPath` finds it on this machine. Links in folders are not
   * followed. Gives the paths.
   */
  async upload(
    globs: string,
    cwd: string,
    hostPath: (path: string) => string,
    job: { readonly id: string; readonly key: string },
  ): Promise<readonly string[]> {
    const taken: string[] = [];
    for (const glob of globs.split(";").map((one) => one.trim())) {
      if (glob === "") continue;
      for (const { file, path } of find(glob, cwd, hostPath)) {
        if (file.startsWith(`${this.#folder}/`)) continue;
        await this.#take(file, path, job);
        taken.push(path);
      }
    }
    return taken;
  }

  async #take(file: string, path: string, job: { readonly id: string; readonly key: string }): Promise<void> {
    const kept = join(this.#store, String(this.#count++));
    await mkdir(this.#store, { recursive: true });
    const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
    let size = 0;
    // Whoever made the file may have put a link in its place meanwhile.
    await using source = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const counted = async function* (bytes: AsyncIterable<Buffer>) {
      for await (const chunk of bytes) {
        sha1.update(chunk);
        sha256.update(chunk);
        size += chunk.byteLength;
        yield chunk;
      }
    };
    await pipeline(source.createReadStream({ autoClose: false }), counted, createWriteStream(kept));
    const shown = join(this.#folder, path);
    makeFolders(dirname(shown));
    await copyFile(kept, shown, constants.COPYFILE_FICLONE);
    const digests = { sha1: sha1.digest("hex"), sha256: sha256.digest("hex") };
    this.#all.push({ path, job: job.id, stepKey: job.key, size, ...digests, file: kept });
  }

  /** Those whose path fits, the last of each path; of one job or step only when it is named. */
  search(glob: string, step: string | undefined): readonly Artifact[] {
    const fits = pathGlob(glob);
    const found = new Map<string, Artifact>();
    for (const artifact of this.#all) {
      if (step !== undefined && step !== artifact.job && step !== artifact.stepKey) continue;
      if (fits(artifact.path) || artifact.path === glob) found.set(artifact.path, artifact);
    }
    return [...found.values()];
  }

  /** Writes artifacts below a folder, for somebody. */
  download(
    artifacts: readonly Artifact[],
    folder: string,
    owner: { readonly uid: number; readonly gid: number },
  ): void {
    for (const { path, file } of artifacts) {
      const target = pathInside(folder, path);
      makeFolders(dirname(target));
      copyFileSync(file, target);
      lchownSync(target, owner.uid, owner.gid);
    }
  }
}

function* find(
  glob: string,
  cwd: string,
  hostPath: (path: string) => string,
): Generator<{ readonly file: string; readonly path: string }> {
  const absolute = isAbsolute(glob);
  const wanted = posix.normalize(absolute ? glob.slice(1) : glob);
  if (wanted.startsWith("../")) return;
  const parts = wanted.split("/");
  const fixed = parts.findIndex((part) => /[*?[{]/.test(part));
  const base = fixed < 0 ? wanted : parts.slice(0, fixed).join("/");
  const top = hostPath(absolute ? `/${base}` : posix.join(cwd, base));
  const stats = statSync(top, { throwIfNoEntry: false });
  if (fixed < 0) {
    if (stats?.isFile()) yield { file: top, path: wanted };
    return;
  }
  if (stats?.isDirectory() !== true) return;
  const fits = pathGlob(wanted);
  let count = 0;
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = posix.join(base, relative(top, file));
    if (!fits(path)) continue;
    if (++count > maxFiles) throw new Error(`more than ${maxFiles} files fit ${glob}`);
    yield { file, path };
  }
}
