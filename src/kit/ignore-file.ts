import { cleanPath } from "./go-path.ts";

/**
 * The patterns of a `.dockerignore` text, as moby/patternmatcher/ignorefile reads it: comments start with `#` in the
 * first column, a byte order mark is skipped, a leading slash means nothing.
 */
export function readIgnoreFile(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines
    .filter((line) => !line.startsWith("#") && line.trim() !== "")
    .map((line) => {
      const trimmed = line.trim();
      return trimmed.startsWith("!") ? `!${cleanLine(trimmed.slice(1).trim())}` : cleanLine(trimmed);
    });
}

function cleanLine(line: string): string {
  if (line === "") return "";
  const cleaned = cleanPath(line);
  return cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned;
}
