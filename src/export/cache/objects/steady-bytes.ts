import type { Bytes, Scope } from "../../../kit/index.ts";
import { sleep } from "../../../kit/index.ts";

const attempts = 4;

/**
 * Bytes that go on where they broke off: `open` is called again with the offset. Gives up after a few times in a row without a byte, with
 * the last error. `first`: already opened at 0.
 */
export async function* steadyBytes(
  first: Bytes,
  open: (offset: number) => Promise<Bytes>,
  { signal }: Scope,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let failures = 0;
  for (let source: Bytes | undefined = first; ; source = undefined) {
    try {
      for await (const chunk of source ?? (await open(offset))) {
        offset += chunk.byteLength;
        failures = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (++failures >= attempts) throw error;
      await sleep(Math.random() * 200 * 2 ** failures, signal);
    }
  }
}
