import { createHash, type Hash } from "node:crypto";
import { posix } from "node:path";
import { type Bytes, CooperError, type Digest } from "../../kit/index.ts";
import type { TarHeader } from "../contract.ts";
import { blockSize, field, numberField, textField } from "../tar/block.ts";
import { TarParser } from "../tar/parser.ts";
import { type Piece, type RawFacts, type Toc, tocName } from "./toc.ts";

/** Bytes of a file in one member, as in Go's library. */
const pieceSize = 4 * 1024 * 1024;
/** Headers without bytes of files in between go on in another member then, so that memory has a bound. */
const headersSize = 8 * 1024 * 1024;

/**
 * Cuts a tar, byte for byte, into what is to be compressed by itself: a member begins with each file's bytes, and with each further 4 MiB of
 * them; headers are at the end of the member before. Fills `toc`. `done` hears of chunks that are not needed any more.
 * Throws `archive/bad-tar`, and `archive/cannot-write` for a tar that has a table of contents already.
 */
export async function* membersOf(tar: Bytes, toc: Toc, done: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  const cutter = new Cutter(toc);
  for await (const chunk of tar) {
    const ready = cutter.write(chunk);
    done(chunk);
    yield* ready;
  }
  yield* cutter.finish();
}

class Cutter {
  readonly #toc: Toc;
  readonly #parser: TarParser;
  /** The header block that is being read, or the last one. */
  readonly #block = Buffer.alloc(blockSize);
  #position = 0;
  /** What the current member has so far: the first of them copies, the others views into the current chunk. */
  #parts: Uint8Array[] = [];
  #copies = 0;
  #size = 0;
  #ready: Uint8Array[] = [];
  #members = 0;
  #file: OpenFile | undefined;

  constructor(toc: Toc) {
    this.#toc = toc;
    this.#parser = new TarParser({ entry: (header) => this.#entry(header), data: () => {}, end: () => {} });
  }

  /** The members that are complete now. The chunk is not needed afterwards. */
  write(chunk: Uint8Array): Uint8Array[] {
    for (let at = 0; at < chunk.byteLength; ) {
      at += this.#parser.bodyLeft > 0 ? this.#bytes(chunk, at) : this.#between(chunk, at);
    }
    this.#copyViews();
    return this.#take();
  }

  finish(): Uint8Array[] {
    this.#parser.finish();
    this.#close();
    return this.#take();
  }

  #copyViews(): void {
    const views = this.#parts.slice(this.#copies);
    if (views.length === 0) return;
    this.#parts.splice(this.#copies, views.length, Buffer.concat(views));
    this.#copies++;
  }

  #take(): Uint8Array[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Headers, padding, the end: block by block, so that bytes of a file begin with a call of `#bytes`. */
  #between(chunk: Uint8Array, at: number): number {
    const start = this.#position % blockSize;
    const part = chunk.subarray(at, at + blockSize - start);
    this.#block.set(part, start);
    this.#keep(part);
    this.#parser.write(part);
    if (this.#size >= headersSize) this.#close();
    return part.byteLength;
  }

  #entry(header: TarHeader): void {
    if (posix.normalize(`/${header.name}`) === `/${tocName}`) {
      const sentence = "existing TOC JSON is not allowed; decompress layer before append";
      throw new CooperError("archive/cannot-write", `cannot write an eStargz layer: ${sentence}`);
    }
    const raw = rawFacts(this.#block);
    if (header.size === 0) this.#toc.add(header, raw, [], undefined);
    else this.#file = new OpenFile(header, raw);
  }

  #bytes(chunk: Uint8Array, at: number): number {
    const file = this.#file as OpenFile;
    if (file.pieceLeft === 0) {
      this.#close();
      file.begin(this.#members, this.#parser.bodyLeft);
    }
    const part = chunk.subarray(at, at + file.pieceLeft);
    file.update(part);
    this.#keep(part);
    this.#parser.passBody(part.byteLength);
    if (file.ended) this.#toc.add(file.header, file.raw, file.pieces, file.digest());
    return part.byteLength;
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part);
    this.#size += part.byteLength;
    this.#position += part.byteLength;
  }

  #close(): void {
    if (this.#size === 0) return;
    this.#ready.push(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#copies = 0;
    this.#size = 0;
    this.#members++;
  }
}

/** A file whose bytes are coming. */
class OpenFile {
  readonly header: TarHeader;
  readonly raw: RawFacts;
  readonly pieces: Piece[] = [];
  /** Only for files of several pieces. */
  readonly #whole: Hash | undefined;
  #piece: Hash = createHash("sha256");
  #current: Omit<Piece, "digest"> = { member: 0, offset: 0, size: undefined };
  #passed = 0;
  pieceLeft = 0;

  constructor(header: TarHeader, raw: RawFacts) {
    this.header = header;
    this.raw = raw;
    this.#whole = header.size > pieceSize ? createHash("sha256") : undefined;
  }

  get ended(): boolean {
    return this.#passed === this.header.size;
  }

  begin(member: number, left: number): void {
    this.pieceLeft = Math.min(pieceSize, left);
    this.#piece = createHash("sha256");
    this.#current = { member, offset: this.#passed, size: left < pieceSize ? undefined : pieceSize };
  }

  update(part: Uint8Array): void {
    this.#piece.update(part);
    this.#whole?.update(part);
    this.#passed += part.byteLength;
    this.pieceLeft -= part.byteLength;
    if (this.pieceLeft === 0) this.pieces.push({ ...this.#current, digest: digestOf(this.#piece) });
  }

  digest(): Digest {
    return this.#whole === undefined ? (this.pieces[0] as Piece).digest : digestOf(this.#whole);
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest("hex")}`;
}

function rawFacts(block: Buffer): RawFacts {
  const ustar = block.toString("latin1", 257, 262) === "ustar";
  return {
    mode: numberField(block, field.mode),
    userName: ustar ? textField(block, field.userName) : "",
    groupName: ustar ? textField(block, field.groupName) : "",
  };
}
