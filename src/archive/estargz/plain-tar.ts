import { open } from "node:fs/promises";
import type { Scope } from "../../kit/index.ts";
import { decompress } from "../compress/decompress.ts";
import { footerSize, parseFooter } from "./footer.ts";

/**
 * The tar that a layer's blob was made of: `decompress`, but without the table of contents of an eStargz blob, which is made anew for another
 * compression. `file`: where the blob is. Throws `archive/corrupt`.
 */
export async function* plainTarOf(file: string, scope: Pick<Scope, "signal">): AsyncGenerator<Uint8Array> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const end = await payloadEnd(handle, size);
  yield* decompress(bytesUpTo(handle, end), scope);
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Where the table begins, else where the blob ends. */
async function payloadEnd(handle: Handle, size: number): Promise<number> {
  if (size <= footerSize) return size;
  const { buffer } = await handle.read(Buffer.alloc(footerSize), 0, footerSize, size - footerSize);
  const place = parseFooter(buffer);
  if (place === undefined || place === 0 || place >= size - footerSize) return size;
  const { buffer: begin } = await handle.read(Buffer.alloc(3), 0, 3, place);
  // Another member must begin there, or the place is invented.
  return begin[0] === 0x1f && begin[1] === 0x8b && begin[2] === 8 ? place : size;
}

async function* bytesUpTo(handle: Handle, end: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < end; ) {
    const wanted = Math.min(256 * 1024, end - at);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
