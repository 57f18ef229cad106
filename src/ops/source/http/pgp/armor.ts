import { CooperError } from "../../../../kit/index.ts";

export const code = "ops/bad-signature";

/** The bytes of all armored blocks of these types in a text (RFC 9580, 6.2). Throws `ops/bad-signature` when there is none. */
export function armoredBlocks(text: string, types: readonly string[]): readonly Buffer[] {
  const pattern = /-----BEGIN PGP ([A-Z ]+)-----\r?\n([\s\S]*?)-----END PGP \1-----/g;
  const blocks = [...text.matchAll(pattern)].filter(([, type = ""]) => types.includes(type));
  if (blocks.length === 0) throw new CooperError(code, `no armored data of type ${types.join(" or ")} found`);
  return blocks.map(([, , content = ""]) => bodyOf(content));
}

/** After the headers and an empty line; the checksum line is left out: what is signed has a better one. */
function bodyOf(content: string): Buffer {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const start = lines.indexOf("") + 1;
  const body = lines.slice(start).filter((line) => line !== "" && !line.startsWith("="));
  if (!body.every((line) => /^[A-Za-z0-9+/]+=*$/.test(line))) throw new CooperError(code, "invalid armored data");
  return Buffer.from(body.join(""), "base64");
}
