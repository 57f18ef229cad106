import type { SolveStatus } from "../../engine/index.ts";
import { control } from "../../grpc/index.ts";
import { decode, encode } from "../../wire/index.ts";
import { statusMessage } from "../status-message.ts";

/** Upstream's media type of what `encodeLog` makes. */
export const logMediaType = "application/vnd.buildkit.status.v0";

/** A build's whole progress as one blob: each message after its length in four bytes, the low one first. */
export function encodeLog(told: readonly SolveStatus[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const status of told) {
    const message = encode(control.StatusResponse, statusMessage(status));
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32LE(message.byteLength);
    parts.push(head, message);
  }
  return Buffer.concat(parts);
}

/** The messages of such a blob; the rest of one that was cut short is left out. */
export function* decodeLog(blob: Uint8Array): Generator<control.StatusResponse, void> {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  for (let at = 0; at + 4 <= blob.byteLength; ) {
    const size = view.getUint32(at, true);
    at += 4;
    if (at + size > blob.byteLength) return;
    yield decode(control.StatusResponse, blob.subarray(at, at + size));
    at += size;
  }
}

/** How many of a build's steps were cached, are complete, are there at all, and how often it was warned. */
export function countSteps(told: readonly SolveStatus[]) {
  const steps = new Map<string, { cached: boolean; completed: boolean }>();
  let numWarnings = 0;
  for (const { vertexes = [], warnings = [] } of told) {
    numWarnings += warnings.length;
    for (const { digest, cached, completed } of vertexes) {
      const step = steps.get(digest) ?? { cached: false, completed: false };
      step.cached ||= cached === true;
      step.completed ||= completed !== undefined;
      steps.set(digest, step);
    }
  }
  const all = [...steps.values()];
  return {
    numTotalSteps: all.length,
    numCachedSteps: all.filter(({ cached }) => cached).length,
    numCompletedSteps: all.filter(({ completed }) => completed).length,
    numWarnings,
  };
}
