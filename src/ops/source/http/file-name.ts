import { posix } from "node:path";

/**
 * What a downloaded file is called: as the build says, as the server says (`Content-Disposition`), as the URL ends; else
 * `download`. Never a path, never with control characters.
 */
export function fileName(url: string, wanted: string, disposition: string | undefined): string {
  if (wanted !== "") return safeName(wanted);
  const stated = /filename="((?:[^"\\]|\\.)*)"|filename=([^;\s]+)/i.exec(disposition ?? "");
  const fromServer = (stated?.[1] ?? stated?.[2] ?? "").replace(/\\(.)/g, "$1");
  if (fromServer !== "" && !fromServer.endsWith("/")) return safeName(fromServer);
  return safeName(decoded(new URL(url).pathname));
}

/** The last part of a path; `download` when that is no name. */
export function safeName(path: string): string {
  const base = posix.basename(path.trim());
  return ["", ".", ".."].includes(base) || /\p{Cc}/u.test(base) ? "download" : base;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
