import { compareRaw, readdirSync } from "../../kit/index.ts";

/** Names in a directory, in the order of their bytes. */
export function sortedNames(path: string): string[] {
  return sortNames(readdirSync(path));
}

/** Sorts names by their bytes, which is also UTF-16 order unless a character beyond U+D7FF is there. */
export function sortNames(names: string[]): string[] {
  if (names.every((name) => !/[\ud800-\uffff]/.test(name))) return names.sort();
  return names.sort(compareRaw);
}
