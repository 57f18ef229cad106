import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { kernelFiles } from "../../archive/index.ts";
import { CooperError, errnoOf } from "../../kit/index.ts";
import { MountFlag, mountOverlay, umount } from "../../sys/index.ts";
import type { Mounted, TreeMount } from "../contract.ts";
import { told } from "../errors.ts";
import { mountFingerprint } from "./fingerprint.ts";
import { type OverlaySupport, probeOverlay } from "./overlay-support.ts";

/** Where the outcome of a successful probe is kept for later openings. */
export interface ProbeMemory {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** Mount points in this process's own folder, and what the kernel can do. Nothing is made or tried before the first mount. */
export class Mounts {
  readonly #folder: string;
  readonly #memory: ProbeMemory;
  #support: OverlaySupport | CooperError | undefined;
  #count = 0;

  constructor(runFolder: string, memory: ProbeMemory) {
    this.#folder = join(runFolder, "mounts");
    this.#memory = memory;
  }

  /** Undefined when overlayfs works here, else the reason. Probes once. */
  overlayTrouble(): CooperError | undefined {
    const support = this.#probe();
    return support instanceof CooperError ? support : undefined;
  }

  async mount(tree: TreeMount): Promise<Mounted> {
    if (tree.kind === "folder") return { path: tree.path, files: tree.files, [Symbol.asyncDispose]: async () => {} };
    return await told("mount snapshot", () => this.#overlay(tree));
  }

  #overlay(tree: TreeMount & { readonly kind: "overlay" }): Mounted {
    const support = this.#probe();
    if (support instanceof CooperError) throw support;
    const path = this.#point();
    const { layers, upper, work } = tree;
    try {
      if (upper === undefined || work === undefined) {
        const options = support.options.filter((option) => option !== "volatile");
        mountOverlay({ lower: layers, options }, path, MountFlag.readonly);
      } else {
        forgetVolatile(work);
        mountOverlay({ lower: layers, upper, work, options: support.options }, path);
      }
    } catch (error) {
      rmdirSync(path);
      throw error;
    }
    const forget = detachAtExit(path);
    let disposed = false;
    const dispose = async () => {
      if (disposed) return;
      disposed = true;
      unmount(path);
      forget();
      rmdirSync(path);
    };
    return { path, files: kernelFiles, [Symbol.asyncDispose]: dispose };
  }

  #probe(): OverlaySupport | CooperError {
    this.#support ??= this.#remembered();
    return this.#support;
  }

  /** Unmounting waits for the whole kernel (RCU), on a busy machine 30 ms: what worked under the same conditions is not tried again. */
  #remembered(): OverlaySupport | CooperError {
    const key = mountFingerprint(dirname(this.#folder));
    const known = this.#memory.get(key);
    if (known !== undefined) return { options: known.split(",") };
    const support = probeOverlay(this.#point(false));
    if (!(support instanceof CooperError)) this.#memory.set(key, support.options.join(","));
    return support;
  }

  #point(make = true): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o711 });
    const path = join(this.#folder, String(this.#count++));
    if (make) mkdirSync(path, { mode: 0o755 });
    return path;
  }
}

/**
 * Where a volatile overlay was, the kernel leaves a mark so that nobody takes the folder for flushed after a power cut.
 * Within one life of ours the same tree may be mounted again.
 */
function forgetVolatile(work: string): void {
  rmSync(join(work, "work/incompat"), { recursive: true, force: true });
}

const mounted = new Set<string>();

/**
 * Whoever leaves at once (a second signal, an error that nobody caught) shall leave no mount behind; its folder waits for the next
 * opening's sweep. Returns what to call when the mount has gone in good order.
 */
function detachAtExit(path: string): () => void {
  if (mounted.size === 0) process.on("exit", detachAll);
  mounted.add(path);
  return () => {
    mounted.delete(path);
    if (mounted.size === 0) process.off("exit", detachAll);
  };
}

function detachAll(): void {
  for (const path of [...mounted].reverse()) {
    try {
      umount(path, { detach: true });
    } catch {
      // The next opening's sweep tries again, and says why it cannot.
    }
  }
}

/** A process that a step left behind may still stand in the tree; then it is taken out of sight, and closed with its last user. */
function unmount(path: string): void {
  try {
    umount(path);
  } catch (error) {
    if (errnoOf(error) !== "EBUSY") throw error;
    umount(path, { detach: true });
  }
}
