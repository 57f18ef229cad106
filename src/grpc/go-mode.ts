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
const kindBits: Readonly<Partial<Record<FileKind, number>>> = Object.fromEntries(kinds);
const special: readonly (readonly [unix: number, go: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** Every bit that says what a file is. */
const typeMask = [31, 27, 26, 25, 24, 21, 19].reduce((mask, bit) => mask | (1 << bit), 0);

/** From a kind and permissions with set-id bits (0o7777). */
export function toGoMode(kind: FileKind, mode: number): number {
  let bits = (mode & 0o777) + (kindBits[kind] ?? 0);
  if ((mode & 0o7000) !== 0) for (const [unix, go] of special) if ((mode & unix) !== 0) bits += go;
  return bits;
}

/** The other way round. Undefined: a kind that no tree here has. */
export function fromGoMode(mode: number): { readonly kind: FileKind; readonly mode: number } | undefined {
  const permissions = special.reduce((bits, [unix, go]) => ((mode & go) === 0 ? bits : bits | unix), mode & 0o777);
  const type = (mode & typeMask) >>> 0;
  if (type === 0) return { kind: "file", mode: permissions };
  const found = kinds.find(([, bits]) => bits === type);
  return found && { kind: found[0], mode: permissions };
}
