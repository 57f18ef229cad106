import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { type Bytes, CooperError, errnoOf, reasonOf, type Scope, temporaryBeside } from "../kit/index.ts";
import type { OutputTarget } from "./contract.ts";

/** Where the caller wants one exporter's result. Paths are absolute. */
export type OutputSpec =
  | { readonly kind: "none" }
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string }
  /** `layout`: an OCI layout, not the tree of the result. */
  | { readonly kind: "directory"; readonly path: string; readonly layout?: boolean };

/** Standard output as the session needs it; a test gives its own. */
export interface OutputStream {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): boolean;
}

/** The targets for the specs, in order. Standard output takes one stream only, as upstream's. */
export function openOutputs(specs: readonly OutputSpec[], stdout: () => OutputStream): readonly OutputTarget[] {
  let stdoutTaken = false;
  return specs.map((spec): OutputTarget => {
    if (spec.kind === "none" || spec.kind === "directory") return spec;
    if (spec.kind === "file") {
      return { kind: "stream", write: (bytes, _, scope) => writeFileWhole(spec.path, bytes, scope) };
    }
    return {
      kind: "stream",
      write: async (bytes, _, scope) => {
        if (stdoutTaken) throw new CooperError("session/output-closed", "write /dev/stdout: file already closed");
        stdoutTaken = true;
        await pour(bytes, (chunk) => writeTo(stdout(), chunk), scope);
      },
    };
  });
}

/**
 * Writes the stream to `path` so that only the whole file ever appears there: beside it first, then renamed. What is no
 * regular file (a device, a pipe), or cannot be replaced, is written in place. A symlink is followed.
 */
async function writeFileWhole(path: string, bytes: Bytes, scope: Scope): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const old = await stat(target).catch(() => undefined);
  if (old !== undefined && !old.isFile()) return writeInPlace(target, bytes, scope);
  const temporary = temporaryBeside(target);
  let file: FileHandle;
  try {
    file = await open(temporary, "wx", 0o666);
  } catch (error) {
    if (old !== undefined && errnoOf(error) === "EACCES") return writeInPlace(target, bytes, scope);
    throw cannotWrite(path, error);
  }
  try {
    try {
      if (old !== undefined) await file.chmod(old.mode & 0o7777).catch(() => {});
      await pourInto(file, path, bytes, scope);
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeInPlace(path: string, bytes: Bytes, scope: Scope): Promise<void> {
  const file = await open(path, "w").catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  try {
    await pourInto(file, path, bytes, scope);
  } finally {
    await file.close();
  }
}

function pourInto(file: FileHandle, path: string, bytes: Bytes, scope: Scope): Promise<void> {
  const write = async (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
  };
  return pour(
    bytes,
    (chunk) =>
      write(chunk).catch((error: unknown) => {
        throw cannotWrite(path, error);
      }),
    scope,
  );
}

async function pour(bytes: Bytes, write: (chunk: Uint8Array) => Promise<void>, scope: Scope): Promise<void> {
  for await (const chunk of bytes) {
    scope.signal.throwIfAborted();
    await write(chunk);
  }
  scope.signal.throwIfAborted();
}

function writeTo(stream: OutputStream, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(cannotWrite("/dev/stdout", error));
    });
  });
}

function cannotWrite(path: string, cause: unknown): CooperError {
  return new CooperError("session/output-failed", `write ${path}: ${reasonOf(cause)}`, { cause });
}
