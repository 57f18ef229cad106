import { decodeRaw } from "../../src/kit/index.ts";
import type { MessageType } from "../../src/wire/index.ts";

type Field = MessageType<unknown>["fields"][number];

/** Numbers from a seed: the same seed gives the same test. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const texts = [
  "",
  "x",
  "/",
  "../../etc/passwd",
  "docker-image://scratch",
  "local://context",
  "dockerfile.v0",
  "gateway.v0",
  "sha256:",
  `sha256:${"0".repeat(64)}`,
  "type==regular",
  "type~=(",
  "\u0000",
  "é".repeat(200),
  "a".repeat(70_000),
];
const numbers = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 7];
const longs = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 1_000_000_000n];

/** A message with odd values in its fields: well formed, and nothing that anybody would send. */
export function oddMessage(type: MessageType<unknown>, random: () => number, depth = 4): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of type.fields) {
    if (random() < 0.4 || (depth === 0 && typeof field.type === "function")) continue;
    if (field.oneof !== undefined) value[field.oneof] = { case: field.name, value: oddOne(field.type, random, depth) };
    else value[field.name] = oddField(field, random, depth);
  }
  return value;
}

function oddField({ type, shape }: Field, random: () => number, depth: number): unknown {
  const count = Math.floor(random() * 4);
  if (shape === "list") return Array.from({ length: count }, () => oddOne(type, random, depth));
  if (shape === "map") {
    return new Map(Array.from({ length: count }, () => [pick(texts, random), oddOne(type, random, depth)] as const));
  }
  return oddOne(type, random, depth);
}

function oddOne(type: Field["type"], random: () => number, depth: number): unknown {
  if (typeof type === "function") return oddMessage(type(), random, depth - 1);
  switch (type) {
    case "string":
      return pick(texts, random);
    case "raw":
      return random() < 0.5 ? pick(texts, random) : decodeRaw(oddBytes(random, 100));
    case "bytes":
      return oddBytes(random, 300);
    case "bool":
      return random() < 0.5;
    case "int64":
    case "uint64":
    case "fixed64":
      return pick(longs, random);
    default:
      return pick(numbers, random);
  }
}

/** Up to so many bytes of any kind. */
export function oddBytes(random: () => number, most: number): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256)));
}

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}
