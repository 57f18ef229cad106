import { decodeRaw } from "../../kit/index.ts";
import type { TarHeader, TarLimits } from "../contract.ts";
import { badTar, blockSize, padding } from "./block.ts";
import { parsePax } from "./pax.ts";
import { type Extensions, type RawHeader, readHeader, readRawHeader } from "./read-header.ts";

/** Enough for every image we have seen, little enough that an archive made to hurt ends. */
export const defaultTarLimits: TarLimits = { entries: 20_000_000, extended: 1024 * 1024, bytes: 2 ** 42 };

/** Told what a tar holds, in its order: `entry`, `data` for each piece of its body, `end`. */
export interface TarSink {
  entry(header: TarHeader): void;
  /** A view into the caller's chunk: copy what must outlive the call. */
  data(chunk: Uint8Array): void;
  end(): void;
}

type State =
  | { readonly kind: "header" }
  | { readonly kind: "body"; left: number; pad: number }
  | { readonly kind: "extended"; readonly raw: RawHeader; readonly pieces: Buffer[]; left: number; pad: number }
  | { readonly kind: "skip"; left: number }
  | { readonly kind: "ended" };

/**
 * Takes a tar in pieces of any size and tells a sink what is in it, synchronously: ustar, pax, GNU long names.
 * Throws `archive/bad-tar`; afterwards it must not be used any more.
 */
export class TarParser {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  #state: State = { kind: "header" };
  /** The front of a header block whose rest is in the next chunk. */
  readonly #held = Buffer.allocUnsafe(blockSize);
  #heldBytes = 0;
  #extensions: Extensions = {};
  #zeroBlocks = 0;
  #entries = 0;
  #bytes = 0;

  constructor(sink: TarSink, limits: TarLimits = defaultTarLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  write(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < buffer.length; ) at += this.#step(buffer, at);
  }

  /** Bytes of the current body that have not come yet. */
  get bodyLeft(): number {
    return this.#state.kind === "body" ? this.#state.left : 0;
  }

  /** Counts bytes of the current body (at most `bodyLeft`) that the caller has dealt with itself: the sink does not get them. */
  passBody(size: number): void {
    const state = this.#state;
    if (state.kind !== "body" || size > state.left) throw new RangeError("more than the rest of a body passed");
    state.left -= size;
    if (state.left === 0) this.#endBody(state.pad);
  }

  /** The input is at its end; throws when that is inside an entry. A missing end mark is forgiven, as in Go. */
  finish(): void {
    const state = this.#state.kind;
    if ((state !== "header" && state !== "ended") || this.#heldBytes > 0) throw badTar("unexpected EOF");
  }

  /** Handles what it can from `at` and returns how many bytes that were. */
  #step(buffer: Buffer, at: number): number {
    const state = this.#state;
    switch (state.kind) {
      case "header":
        return this.#headerPart(buffer, at);
      case "body": {
        const taken = Math.min(state.left, buffer.length - at);
        this.#sink.data(buffer.subarray(at, at + taken));
        state.left -= taken;
        if (state.left === 0) this.#endBody(state.pad);
        return taken;
      }
      case "extended": {
        const taken = Math.min(state.left, buffer.length - at);
        state.pieces.push(Buffer.from(buffer.subarray(at, at + taken)));
        state.left -= taken;
        if (state.left === 0) this.#endExtended(state.raw, Buffer.concat(state.pieces), state.pad);
        return taken;
      }
      case "skip": {
        const taken = Math.min(state.left, buffer.length - at);
        state.left -= taken;
        if (state.left === 0) this.#state = { kind: "header" };
        return taken;
      }
      case "ended":
        return buffer.length - at;
    }
  }

  #headerPart(buffer: Buffer, at: number): number {
    if (this.#heldBytes === 0 && buffer.length - at >= blockSize) {
      this.#header(buffer.subarray(at, at + blockSize));
      return blockSize;
    }
    const taken = Math.min(blockSize - this.#heldBytes, buffer.length - at);
    buffer.copy(this.#held, this.#heldBytes, at, at + taken);
    this.#heldBytes += taken;
    if (this.#heldBytes === blockSize) {
      this.#heldBytes = 0;
      this.#header(Buffer.from(this.#held));
    }
    return taken;
  }

  #header(block: Buffer): void {
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      if (++this.#zeroBlocks === 2) this.#state = { kind: "ended" };
      return;
    }
    if (this.#zeroBlocks > 0) throw badTar("an entry follows the end mark");
    const raw = readRawHeader(block);
    if (++this.#entries > this.#limits.entries) throw badTar(`more than ${this.#limits.entries} entries`);
    if (raw.type === "pax" || raw.type === "globalPax" || raw.type === "longName" || raw.type === "longLink") {
      this.#beginExtended(raw);
    } else {
      this.#beginEntry(readHeader(raw, this.#extensions));
    }
  }

  #beginEntry(header: TarHeader): void {
    this.#extensions = {};
    if (header.name === "" || header.name.includes("\0")) throw badTar("an entry has no name");
    this.#bytes += header.size;
    if (this.#bytes > this.#limits.bytes) throw badTar(`more than ${this.#limits.bytes} bytes of files`);
    this.#sink.entry(header);
    if (header.size === 0) this.#endBody(0);
    else this.#state = { kind: "body", left: header.size, pad: padding(header.size) };
  }

  #endBody(pad: number): void {
    this.#state = pad === 0 ? { kind: "header" } : { kind: "skip", left: pad };
    this.#sink.end();
  }

  #beginExtended(raw: RawHeader): void {
    if (raw.size > this.#limits.extended) throw badTar(`an extended header has ${raw.size} bytes`);
    const copy = { ...raw, block: Buffer.alloc(0) };
    if (raw.size === 0) this.#endExtended(copy, Buffer.alloc(0), 0);
    else this.#state = { kind: "extended", raw: copy, pieces: [], left: raw.size, pad: padding(raw.size) };
  }

  #endExtended(raw: RawHeader, data: Buffer, pad: number): void {
    this.#state = pad === 0 ? { kind: "header" } : { kind: "skip", left: pad };
    if (raw.type === "pax") this.#extensions.pax = parsePax(data);
    else if (raw.type === "longName") this.#extensions.longName = upToNul(data);
    else if (raw.type === "longLink") this.#extensions.longLink = upToNul(data);
    // A global header is read over, as upstream does: git puts a comment there.
  }
}

function upToNul(data: Buffer): string {
  const end = data.indexOf(0);
  return decodeRaw(data, 0, end < 0 ? data.length : end);
}
