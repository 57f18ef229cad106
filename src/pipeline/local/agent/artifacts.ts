import { createHash } from "node:crypto";
import { copyFileSync, lchownSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, posix, relative } from "node:path";
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
  constructor(store: string, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  get all(): readonly Artifact[] {
    return this.#all;
  }

  /**
   * Takes the files below `root` that fit the globs (`;` between them); an absolute glob is looked for through `hostPath`. Gives the paths.
   */
  upload(
    globs: string,
    root: string,
    hostPath: (path: string) => string,
    job: { readonly id: string; readonly key: string },
  ): readonly string[] {
    const taken: string[] = [];
    for (const glob of globs.split(";").map((one) => one.trim())) {
      if (glob === "") continue;
      for (const { file, path } of find(glob, root, hostPath)) {
        this.#take(file, path, job);
        taken.push(path);
      }
    }
    return taken;
  }

  #take(file: string, path: string, job: { readonly id: string; readonly key: string }): void {
    const kept = join(this.#store, String(this.#all.length));
    mkdirSync(this.#store, { recursive: true });
    copyFileSync(file, kept);
    const shown = join(this.#folder, path);
    makeFolders(dirname(shown));
    copyFileSync(kept, shown);
    const bytes = readFileSync(kept);
    const digest = (name: string) => createHash(name).update(bytes).digest("hex");
    this.#all.push({
      path,
      job: job.id,
      stepKey: job.key,
      size: bytes.byteLength,
      sha1: digest("sha1"),
      sha256: digest("sha256"),
      file: kept,
    });
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
  root: string,
  hostPath: (path: string) => string,
): Generator<{ file: string; path: string }> {
  const start = isAbsolute(glob) ? hostPath("/") : root;
  const wanted = isAbsolute(glob) ? glob.slice(1) : posix.normalize(glob);
  if (wanted.startsWith("../")) return;
  const fixed = wanted.split("/").findIndex((part) => /[*?[{]/.test(part));
  const base = fixed < 0 ? wanted : wanted.split("/").slice(0, fixed).join("/");
  const top = isAbsolute(glob) ? hostPath(`/${base}`) : join(start, base);
  const stats = statSync(top, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isFile()) {
    if (fixed < 0) yield { file: top, path: wanted };
    return;
  }
  if (fixed < 0) return;
  const fits = pathGlob(wanted);
  let count = 0;
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = posix.join(base, relative(top, file));
    if (fits(path)) {
      if (++count > maxFiles) throw new Error(`more than ${maxFiles} files fit ${glob}`);
      yield { file, path };
    }
  }
}
