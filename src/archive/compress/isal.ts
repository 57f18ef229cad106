import { gzipSync } from "node:zlib";
import { type AsyncNative, addressOf, type Library, openLibrary } from "../../sys/index.ts";

type Sync = ReturnType<Library["bind"]>;

/** Intel's ISA-L (igzip_lib.h, library version 2): gzip at several times zlib's speed. */
export interface Isal {
  readonly deflateInit: Sync;
  readonly deflate: AsyncNative;
  readonly inflateInit: Sync;
  readonly inflateReset: Sync;
  readonly inflate: AsyncNative;
}

/** Offsets in `struct isal_zstream`; its whole size is below `size`. */
const deflateState = {
  size: 256 * 1024,
  nextIn: 0,
  availIn: 8,
  nextOut: 16,
  availOut: 24,
  totalOut: 28,
  level: 40,
  levelBufferSize: 44,
  levelBuffer: 48,
  endOfStream: 56,
  gzipFlag: 60,
} as const;

/** Offsets in `struct inflate_state`; its whole size is below `size`. */
const inflateState = {
  size: 256 * 1024,
  nextOut: 0,
  availOut: 8,
  nextIn: 16,
  availIn: 32,
  blockState: 21160,
  gzipFlag: 21172,
} as const;
/** ISAL_BLOCK_FINISH: the member's trailer has been read and was right. */
const finished = 5;
const levelBufferSize = 1024 * 1024;

/** ISA-L of this machine, or undefined. The layout of its structures is tried out before it is trusted. */
export function loadIsal(): Isal | undefined {
  const library = openLibrary("libisal.so.2");
  if (library === undefined) return undefined;
  try {
    const isal = {
      deflateInit: library.bind("void isal_deflate_init(uint8_t *)"),
      deflate: library.bindAsync("int isal_deflate(uint8_t *)"),
      inflateInit: library.bind("void isal_inflate_init(uint8_t *)"),
      inflateReset: library.bind("void isal_inflate_reset(uint8_t *)"),
      inflate: library.bindAsync("int isal_inflate(uint8_t *)"),
    };
    return layoutIsKnown(isal, library.bind("int isal_inflate(uint8_t *)")) ? isal : undefined;
  } catch {
    return undefined;
  }
}

function layoutIsKnown(isal: Isal, inflateNow: Sync): boolean {
  const text = Buffer.from("the layout of the structures is as we know it");
  const inflater = new IsalInflater(isal);
  const output = Buffer.alloc(256);
  inflater.give(gzipSync(text));
  inflater.prepare(output);
  const result = inflateNow(inflater.state);
  return result === 0 && inflater.finished && inflater.inputLeft === 0 && output.subarray(0, text.length).equals(text);
}

/** Compresses chunks one at a time, each to a gzip member of its own. */
export class IsalDeflater {
  readonly #isal: Isal;
  readonly #state = Buffer.alloc(deflateState.size);
  readonly #view = new DataView(this.#state.buffer, this.#state.byteOffset, this.#state.byteLength);
  readonly #levelBuffer = Buffer.allocUnsafeSlow(levelBufferSize);
  constructor(isal: Isal) {
    this.#isal = isal;
  }

  /** The member, in what `room` gives; `level` is ISA-L's, 0 to 3. */
  async compress(chunk: Uint8Array, level: number, room: (size: number) => Uint8Array): Promise<Uint8Array> {
    // ISA-L falls back to stored blocks: at most 5 bytes for each 64 KiB, plus the member's frame.
    const output = room(chunk.byteLength + (chunk.byteLength >> 8) + 4096);
    const view = this.#view;
    this.#isal.deflateInit(this.#state);
    view.setBigUint64(deflateState.nextIn, addressOf(chunk), true);
    view.setUint32(deflateState.availIn, chunk.byteLength, true);
    view.setBigUint64(deflateState.nextOut, addressOf(output), true);
    view.setUint32(deflateState.availOut, output.length, true);
    view.setUint32(deflateState.level, level, true);
    view.setUint32(deflateState.levelBufferSize, levelBufferSize, true);
    view.setBigUint64(deflateState.levelBuffer, addressOf(this.#levelBuffer), true);
    view.setUint16(deflateState.endOfStream, 1, true);
    view.setUint16(deflateState.gzipFlag, 1, true);
    const result = await this.#isal.deflate(this.#state);
    if (
      result !== 0 ||
      view.getUint32(deflateState.availIn, true) !== 0 ||
      view.getUint32(deflateState.availOut, true) === 0
    ) {
      throw new Error(`isal_deflate ended with ${result}`);
    }
    return output.subarray(0, view.getUint32(deflateState.totalOut, true));
  }
}

/** Holds the state of one gzip stream that is being read. */
export class IsalInflater {
  readonly state = Buffer.alloc(inflateState.size);
  readonly #isal: Isal;
  readonly #view = new DataView(this.state.buffer, this.state.byteOffset, this.state.byteLength);
  #input: Uint8Array = Buffer.alloc(0);
  constructor(isal: Isal) {
    this.#isal = isal;
    isal.inflateInit(this.state);
    this.#view.setUint32(inflateState.gzipFlag, 1, true);
  }

  get inputLeft(): number {
    return this.#view.getUint32(inflateState.availIn, true);
  }
  get finished(): boolean {
    return this.#view.getUint32(inflateState.blockState, true) === finished;
  }

  /** The next piece of input; the last one must be used up. */
  give(chunk: Uint8Array): void {
    this.#input = chunk;
    this.#view.setBigUint64(inflateState.nextIn, chunk.byteLength === 0 ? 0n : addressOf(chunk), true);
    this.#view.setUint32(inflateState.availIn, chunk.byteLength, true);
  }

  prepare(output: Uint8Array): void {
    this.#view.setBigUint64(inflateState.nextOut, addressOf(output), true);
    this.#view.setUint32(inflateState.availOut, output.byteLength, true);
  }

  /** Inflates into `output` on a pool thread; the number of bytes it got, or undefined when the input is damaged. */
  async inflateInto(output: Uint8Array): Promise<number | undefined> {
    this.prepare(output);
    const result = await this.#isal.inflate(this.state);
    return result < 0 ? undefined : output.byteLength - this.#view.getUint32(inflateState.availOut, true);
  }

  /** Begins the next member with the input that is left. */
  nextMember(): void {
    const left = this.inputLeft;
    this.#isal.inflateReset(this.state);
    this.#view.setUint32(inflateState.gzipFlag, 1, true);
    this.give(this.#input.subarray(this.#input.byteLength - left));
  }
}
