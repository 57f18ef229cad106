import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { goJson } from "../oci/index.ts";
import { decode, pb } from "../wire/index.ts";
import { goStruct } from "./go-struct.ts";

/** Marshalled ops with all that ops can have, and what Go's encoding/json makes of upstream's struct. */
const cases: readonly { readonly raw: string; readonly json: string }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "testdata/go-op-json.json"), "utf8"),
);

it.each(cases)("is what Go writes: $json", ({ raw, json }) => {
  expect(goJson(goStruct(pb.Op, decode(pb.Op, Buffer.from(raw, "base64"))))).toBe(json);
});
