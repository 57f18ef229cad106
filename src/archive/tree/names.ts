import { readdirSync, sortNames } from "../../kit/index.ts";

/** Names in a directory, in the order of their bytes. */
export function sortedNames(path: string): string[] {
  return sortNames(readdirSync(path));
}
