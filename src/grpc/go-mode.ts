/** What a file is, but for hard links. */
export type FileKind = "file" | "directory" | "symlink" | "fifo" | "socket" | "character" | "block";

/** Go's `os.FileMode`, as fsutil sends it: permissions in the low nine bits, kinds and set-id bits far above. */
const kinds: readonly (readonly [FileKind, number])[] = [
  ["directory", 2 ** 31],
  ["symlink", 2 ** 27],
  ["fifo", 2 ** 25],
  ["socket", 2 ** 24],
  ["character", 2 ** 26 + 2 ** 21],
  ["block", 2 ** 26],
];
const special: readonly (readonly [unix: number, go: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** From a kind and permissions with set-id bits (0o7777). */
export function toGoMode(kind: FileKind, mode: number): number {
  const bits = special.reduce((sum, [unix, go]) => ((mode & unix) === 0 ? sum : sum + go), mode & 0o777);
  return bits + (kinds.find(([name]) => name === kind)?.[1] ?? 0);
}

/** The other way round. Undefined: a kind that no tree here has. */
export function fromGoMode(mode: number): { readonly kind: FileKind; readonly mode: number } | undefined {
  const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
  const permissions = special.reduce((bits, [unix, go]) => (has(go) ? bits | unix : bits), mode & 0o777);
  const typeBits = [2 ** 31, 2 ** 27, 2 ** 26, 2 ** 25, 2 ** 24, 2 ** 21, 2 ** 19].filter(has);
  const sum = typeBits.reduce((total, bit) => total + bit, 0);
  if (sum === 0) return { kind: "file", mode: permissions };
  const found = kinds.find(([, bits]) => bits === sum);
  return found && { kind: found[0], mode: permissions };
}
