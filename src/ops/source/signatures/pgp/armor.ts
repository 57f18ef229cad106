import { CooperError } from "../../../../kit/index.ts";

export const code = "ops/bad-signature";

const begin = /-----BEGIN PGP ([A-Z ]+)-----\r?\n/g;

/** The bytes of all armored blocks of one of these types in a text (RFC 9580, 6.2); none when there is none. Throws `ops/bad-signature`. */
export function armoredBlocks(text: string, types: readonly string[]): readonly Buffer[] {
  const blocks: Buffer[] = [];
  const opening = new RegExp(begin);
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const [, type = ""] = match;
    const end = text.indexOf(`-----END PGP ${type}-----`, opening.lastIndex);
    // To look on for other ends would take a hostile text's length squared.
    if (end < 0) break;
    if (types.includes(type)) blocks.push(bodyOf(text.slice(opening.lastIndex, end)));
    opening.lastIndex = end;
  }
  return blocks;
}

/** After the headers and an empty line; the checksum line is left out: what is signed has a better one. */
function bodyOf(content: string): Buffer {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const start = lines.indexOf("") + 1;
  const body = lines.slice(start).filter((line) => line !== "" && !line.startsWith("="));
  if (!body.every((line) => /^[A-Za-z0-9+/]+=*$/.test(line))) throw new CooperError(code, "invalid armored data");
  return Buffer.from(body.join(""), "base64");
}
