import { huffmanLengths } from "./hpack-tables.ts";

/**
 * The code as a tree: two entries for each inner node, one per bit. Positive: the next node's first entry; negative: the byte,
 * inverted; 0: no byte has such a code.
 */
let tree: Int16Array | undefined;

/** The text, a character per byte; undefined when it is no Huffman code of RFC 7541, section 5.2. */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  tree ??= makeTree();
  // The shortest code has five bits.
  const text = Buffer.allocUnsafe(Math.ceil((bytes.byteLength * 8) / 5));
  let size = 0;
  let node = 0;
  let depth = 0;
  let ones = true;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >> bit) & 1;
      const next = tree[node + one] as number;
      if (next === 0) return undefined;
      if (next > 0) {
        ones &&= one === 1;
        node = next;
        depth++;
      } else {
        text[size++] = ~next;
        node = 0;
        depth = 0;
        ones = true;
      }
    }
  }
  // What is left fills the last byte: fewer than eight bits, the first of the code's end.
  return depth < 8 && ones ? text.toString("latin1", 0, size) : undefined;
}

function makeTree(): Int16Array {
  const made = new Int16Array(1024);
  let nodes = 2;
  const lengths = [...huffmanLengths].map((digit) => Number.parseInt(digit, 36));
  const order = lengths.map((_, byte) => byte).sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  let code = 0;
  let before = 0;
  for (const byte of order) {
    const length = lengths[byte] as number;
    code <<= length - before;
    before = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const entry = node + ((code >> bit) & 1);
      if (made[entry] === 0) {
        made[entry] = nodes;
        nodes += 2;
      }
      node = made[entry] as number;
    }
    made[node + (code & 1)] = ~byte;
    code++;
  }
  return made;
}
