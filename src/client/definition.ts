import { CooperError } from "../kit/index.ts";

/**
 * Checks that bytes are a marshalled `pb.Definition` with at least one op, before anything is started for them. Throws
 * `client/bad-definition` with upstream's words.
 */
export function checkDefinition(bytes: Uint8Array): void {
  let ops = 0;
  for (let at = 0; at < bytes.byteLength; ) {
    const tag = varint(bytes, at);
    const field = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (wireType === 4) throw bad("proto: Definition: wiretype end group for non-group");
    if (field < 1) throw bad(`proto: Definition: illegal tag ${field} (wire type ${tag.value})`);
    at = skip(bytes, tag.next, wireType);
    if (field === 1) ops++;
  }
  if (ops === 0) {
    throw new CooperError("client/bad-definition", "empty definition sent to build. Specify --frontend instead?");
  }
}

function skip(bytes: Uint8Array, at: number, wireType: number): number {
  const next = () => {
    if (wireType === 0) return varint(bytes, at).next;
    if (wireType === 1) return at + 8;
    if (wireType === 5) return at + 4;
    if (wireType !== 2) throw bad(`proto: illegal wireType ${wireType}`);
    const length = varint(bytes, at);
    return length.next + length.value;
  };
  const end = next();
  if (end > bytes.byteLength) throw bad("unexpected EOF");
  return end;
}

function varint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let at = start, shift = 1; at < start + 10; at++, shift *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw bad("unexpected EOF");
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw bad("proto: integer overflow");
}

function bad(reason: string): CooperError {
  return new CooperError("client/bad-definition", `failed to parse input: ${reason}`);
}
