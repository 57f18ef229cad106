/** Bytes at the end of an eStargz blob that tell where the table of contents begins. */
export const footerSize = 51;
const magic = "STARGZ";

/** An empty gzip member whose header has the place of the table's member (stargz-snapshotter, docs/estargz.md, "Footer"). */
export function encodeFooter(tocOffset: number): Buffer {
  const footer = Buffer.alloc(footerSize);
  // RFC 1952: magic, deflate, FEXTRA; no time; OS 255; 26 bytes of extra field, which are one subfield "SG" of 22.
  footer.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, 0x53, 0x47, 22, 0]);
  footer.write(`${tocOffset.toString(16).padStart(16, "0")}${magic}`, 16, "latin1");
  // RFC 1951: a last stored block of no bytes. No bytes have checksum 0.
  footer.set([1, 0, 0, 0xff, 0xff], 38);
  return footer;
}

/** Where the table's member begins; undefined: these bytes are no footer. Hostile until it is compared with the blob's size. */
export function parseFooter(footer: Uint8Array): number | undefined {
  if (footer.byteLength !== footerSize) return undefined;
  const text = Buffer.from(footer.buffer, footer.byteOffset, footerSize).toString("latin1");
  if (!text.startsWith("\x1f\x8b\x08\x04") || text.slice(12, 16) !== "SG\x16\0" || text.slice(32, 38) !== magic) {
    return undefined;
  }
  const digits = text.slice(16, 32);
  return /^0{3}[0-9a-f]{13}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
