import { setImmediate as nextTurn } from "node:timers/promises";
import { type Bytes, CooperError, isCooperError, messageOf, type Scope } from "../../kit/index.ts";
import type { ChangeForm, TarLimits } from "../contract.ts";
import { defaultTarLimits, TarParser } from "../tar/parser.ts";
import { Unpacker } from "./unpack.ts";

export interface ApplyOptions {
  /** "overlay": deletions become overlayfs' marks; "whole": they remove what is in the folder. */
  readonly form: ChangeForm;
  /** Folders of the layers below, lowest first (overlay form only): what a parent looks like that the layer does not name. */
  readonly parents?: readonly string[];
  readonly limits?: TarLimits;
}

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
): Promise<{ readonly size: number }> {
  const unpacker = new Unpacker(folder, { form: options.form, parents: options.parents ?? [], log: scope.log });
  const parser = new TarParser(unpacker, options.limits ?? defaultTarLimits);
  let size = 0;
  let turn = performance.now();
  try {
    for await (const chunk of source) {
      scope.signal.throwIfAborted();
      size += chunk.byteLength;
      parser.write(chunk);
      if (performance.now() - turn < longestTurn) continue;
      await nextTurn();
      turn = performance.now();
    }
    parser.finish();
    unpacker.finish();
  } catch (error) {
    throw explained(error, scope);
  } finally {
    unpacker.abandon();
  }
  return { size };
}

function explained(error: unknown, scope: Scope): unknown {
  if (isCooperError(error) || scope.signal.aborted) return error;
  return new CooperError("archive/unpack", `cannot unpack layer: ${messageOf(error)}`, { cause: error });
}
