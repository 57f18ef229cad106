import { readdirSync } from "node:fs";
import { CooperError } from "../../kit/index.ts";

/**
 * Names in a directory, in the order of their bytes. Throws `archive/bad-name` for one that is not UTF-8: it could not be told from
 * others, so nothing that reads it can be right.
 */
export function sortedNames(path: string): string[] {
  const names = readdirSync(path);
  refuseOtherEncodings(names, path);
  return sortNames(names);
}

/** Throws `archive/bad-name` when one of the names that were read from `path` is not UTF-8; `shown` is the path for the message. */
export function refuseOtherEncodings(names: readonly string[], path: string, shown = path): void {
  if (names.some((name) => name.includes("\ufffd"))) findOtherEncodings(path, shown);
}

/** Sorts names by their UTF-8 bytes, which is also UTF-16 order unless a character beyond U+D7FF is there. */
export function sortNames(names: string[]): string[] {
  if (names.every((name) => !/[\ud800-\uffff]/.test(name))) return names.sort();
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function findOtherEncodings(path: string, folder: string): void {
  const bad = readdirSync(path, { encoding: "buffer" }).find(
    (name) => !Buffer.from(name.toString("utf8")).equals(name),
  );
  if (bad === undefined) return;
  const shown = JSON.stringify(bad.toString("latin1"));
  throw new CooperError(
    "archive/bad-name",
    `cannot read folder ${JSON.stringify(folder)}: the file name ${shown} is not UTF-8`,
  );
}
