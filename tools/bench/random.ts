/** A small repeatable random source (mulberry32), so that every run measures the same bytes. */
export interface PseudoRandom {
  next(): number;
  /** Printable text of that many bytes. */
  text(bytes: number): string;
  /** Bytes that compress to roughly 40 %: repeated words between random runs. */
  mixed(bytes: number): Buffer;
}

export function pseudoRandom(seed: number): PseudoRandom {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
  const words = Array.from({ length: 512 }, () =>
    Buffer.from(Array.from({ length: 12 }, () => Math.floor(next() * 256))),
  );
  return {
    next,
    text: (bytes) => {
      let text = "";
      while (text.length < bytes) text += `${Math.floor(next() * 1e9).toString(36)} `;
      return text.slice(0, bytes);
    },
    mixed: (bytes) => {
      const out = Buffer.alloc(bytes);
      let at = 0;
      while (at < bytes) {
        const word = words[Math.floor(next() * words.length)] ?? Buffer.alloc(12);
        at += word.copy(out, at);
        if (at < bytes) out[at++] = Math.floor(next() * 256);
        if (at < bytes) out[at++] = Math.floor(next() * 256);
      }
      return out;
    },
  };
}
