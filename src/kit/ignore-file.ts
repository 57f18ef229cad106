import { cleanPath } from "./go-path.ts";
import { trim } from "./go-space.ts";

/**
 * The patterns of a `.dockerignore` text, as moby/patternmatcher/ignorefile reads it: comments start with `#` in the
 * first column, a byte order mark is skipped, a leading slash means nothing.
 */
export function readIgnoreFile(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines
    .filter((line) => !line.startsWith("#") && trim(line) !== "")
    .map((line) => {
      const trimmed = trim(line);
      return trimmed.startsWith("!") ? `!${cleanLine(trim(trimmed.slice(1)))}` : cleanLine(trimmed);
    });
}

function cleanLine(line: string): string {
  if (line === "") return "";
  const cleaned = cleanPath(line);
  return cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned;
}
