import { setImmediate as nextTurn } from "node:timers/promises";
import { type Bytes, CooperError, type Digest, isCooperError, messageOf, type Scope } from "../../kit/index.ts";
import { createPoolHasher } from "../../sys/index.ts";
import type { ChangeForm, TarLimits } from "../contract.ts";
import { defaultTarLimits, TarParser } from "../tar/parser.ts";
import { kernelFiles, type TreeFiles } from "../tree/tree-files.ts";
import { Unpacker } from "./unpack.ts";

export interface ApplyOptions {
  /** "overlay": deletions become overlayfs' marks; "whole": they remove what is in the folder. */
  readonly form: ChangeForm;
  /** Folders of the layers below, lowest first (overlay form only): what a parent looks like that the layer does not name. */
  readonly parents?: readonly string[];
  /** The kernel's when nothing is said. */
  readonly files?: TreeFiles;
  readonly limits?: TarLimits;
  /** An archive that is no layer: names with `.wh.` are files like any other. */
  readonly plain?: boolean;
}

export interface AppliedLayer {
  /** Digest and size in bytes of the tar, all that came; to be compared with what the image's config says. */
  readonly diffId: Digest;
  readonly size: number;
}

/** A piece of a large file from this size on is written by another thread. */
const worthAThread = 128 * 1024;
/** Let other work run when unpacking has not waited for this many milliseconds. */
const longestTurn = 20;

/**
 * Unpacks an uncompressed layer tar into an existing folder (OCI image spec, "Applying Changesets"): owners, modes, attributes, hard
 * links, devices, times. Nothing is written outside the folder whatever the layer says. Throws `archive/bad-tar`, `archive/bad-layer`,
 * or `archive/unpack` with the system error as cause; then the folder is to be thrown away.
 */
export async function applyLayer(
  source: Bytes,
  folder: string,
  options: ApplyOptions,
  scope: Scope,
): Promise<AppliedLayer> {
  return applyChunks(source, folder, options, scope, () => {});
}

/** `applyLayer`, that tells when it is done with a chunk's memory. */
export async function applyChunks(
  source: Bytes,
  folder: string,
  options: ApplyOptions,
  scope: Scope,
  done: (chunk: Uint8Array) => void,
): Promise<AppliedLayer> {
  const unpacker = new Unpacker(folder, {
    form: options.form,
    files: options.files ?? kernelFiles,
    parents: options.parents ?? [],
    plain: options.plain ?? false,
    log: scope.log,
  });
  const parser = new TarParser(unpacker, options.limits ?? defaultTarLimits);
  const hasher = createPoolHasher();
  let size = 0;
  let turn = performance.now();
  try {
    for await (const chunk of source) {
      scope.signal.throwIfAborted();
      size += chunk.byteLength;
      await settled(hasher.update(chunk), unpackChunk(parser, unpacker, chunk));
      done(chunk);
      if (performance.now() - turn < longestTurn) continue;
      await nextTurn();
      turn = performance.now();
    }
    parser.finish();
    unpacker.finish();
    return { size, diffId: hasher.finish() };
  } catch (error) {
    throw explained(error, scope);
  } finally {
    unpacker.abandon();
    hasher.dispose();
  }
}

async function unpackChunk(parser: TarParser, unpacker: Unpacker, chunk: Uint8Array): Promise<void> {
  if (chunk.byteLength < worthAThread || parser.bodyLeft < chunk.byteLength) {
    parser.write(chunk);
    return;
  }
  await unpacker.dataOnPool(chunk);
  parser.passBody(chunk.byteLength);
}

/** Both have ended afterwards, also when one fails: the hash's memory and the file may then be given back. */
async function settled(...work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}

function explained(error: unknown, scope: Scope): unknown {
  if (isCooperError(error) || scope.signal.aborted) return error;
  return new CooperError("archive/unpack", `cannot unpack layer: ${messageOf(error)}`, { cause: error });
}
