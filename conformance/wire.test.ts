import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { content, control, filesync, fsutil, gateway, secrets } from "../src/grpc/index.ts";
import { decode, encode, type MessageType } from "../src/wire/index.ts";

/** One message as it passed between upstream's client and daemon: exact bytes, and protobuf's JSON for them. */
interface Captured {
  readonly type: string;
  readonly raw: string;
  readonly decoded: unknown;
}

const types = new Map<string, MessageType<unknown>>();
for (const file of [content, control, filesync, fsutil, gateway, secrets]) {
  for (const value of Object.values(file)) {
    if ("fields" in value) types.set((value as MessageType<unknown>).name, value as MessageType<unknown>);
  }
}

const captured = readFileSync(join(import.meta.dirname, "wire/messages.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Captured);

describe("captured messages are read without loss: what is written again has the same content and size", () => {
  for (const [index, message] of captured.entries()) {
    it(`${index + 1} ${message.type}`, () => {
      const type = types.get(message.type);
      if (type === undefined) throw new Error("no such message here");
      const bytes = Buffer.from(message.raw, "base64");
      const value = decode(type, bytes);
      const again = encode(type, value as never);
      // Go writes maps in any order, so the bytes themselves may differ.
      expect(again.byteLength).toBe(bytes.byteLength);
      expect(decode(type, again)).toEqual(value);
      const missing = textsOf(message.decoded).filter((text) => !textsOf(value).includes(text));
      expect(missing.filter((text) => !isOpaque(text))).toEqual([]);
    });
  }
});

/** All strings in a value, map keys included. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value instanceof Map) return [...value].flatMap(([key, item]) => [key as string, ...textsOf(item)]);
  if (value instanceof Uint8Array) return [Buffer.from(value).toString("base64")];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (/^def(inition)?$/i.test(key) ? [] : textsOf(item)));
}

/** Numbers, times and enum names are strings in protobuf's JSON only; definitions stay bytes here. */
function isOpaque(text: string): boolean {
  return /^-?\d+$|^\d{4}-\d\d-\d\dT|^[A-Z_]+$/.test(text) || text.length > 60 || /^(sha256:|[a-z-]+:\/\/)/.test(text);
}
