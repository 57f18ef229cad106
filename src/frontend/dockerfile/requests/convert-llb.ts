import { sha256 } from "../../../kit/index.ts";
import { goJson, sortedMap } from "../../../oci/index.ts";
import { decode, pb, toJson } from "../../../wire/index.ts";
import { metadataJson } from "./definition-json.ts";
import type { RequestResult } from "./result.ts";

/** The answer to `frontend.convertllb`: the target's definition, op by op, as protobuf's JSON has it. */
export function convertLlbResult(definition: Uint8Array): RequestResult {
  const { def, metadata, source } = decode(pb.Definition, definition);
  const json = {
    def: sortedMap(Object.fromEntries(def.map((op) => [sha256(op), opJson(op)]))) ?? {},
    metadata: metadataJson(metadata) ?? {},
    source: toJson(pb.Source, source ?? {}),
  };
  return new Map([
    ["result.json", Buffer.from(goJson(json, 2))],
    ["version", Buffer.from("0.1.0")],
  ]);
}

function opJson(bytes: Uint8Array): unknown {
  return withEnumNames(toJson(pb.Op, decode(pb.Op, bytes)));
}

/** The fields of an op that are enums; no other field of these names is a number. */
const enums: Readonly<Record<string, readonly string[]>> = {
  network: ["UNSET", "HOST", "NONE"],
  security: ["SANDBOX", "INSECURE"],
  mountType: ["BIND", "SECRET", "SSH", "CACHE", "TMPFS"],
  sharing: ["SHARED", "PRIVATE", "LOCKED"],
  contentCache: ["DEFAULT", "ON", "OFF"],
};

function withEnumNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withEnumNames);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const name = typeof item === "number" ? enums[key]?.[item] : undefined;
    return [key, name ?? withEnumNames(item)];
  });
  return Object.fromEntries(entries);
}
