import { expect, test } from "vitest";
import type { FrontendResult } from "../frontend/index.ts";
import { gateway } from "../grpc/index.ts";
import { decode, encode } from "../wire/index.ts";
import { resultMessage, resultOf } from "./result-message.ts";

const definition = Buffer.from("definition");
const text = (value: string): Uint8Array => Buffer.from(value);

const attested: FrontendResult = {
  refs: new Map([["linux/amd64", { id: "image" }]]),
  metadata: new Map([["refs.platforms", text("{}")]]),
  attestations: new Map([
    [
      "linux/amd64",
      [
        {
          kind: "bundle",
          metadata: new Map([["reason", text("sbom")]]),
          ref: { id: "files" },
          path: "/out",
          predicateType: "https://spdx.dev/Document",
          subjects: [],
        },
        {
          kind: "in-toto",
          metadata: new Map(),
          path: "statement.json",
          predicateType: "https://example.com/v1",
          subjects: [
            { kind: "self", name: "", digests: [] },
            { kind: "raw", name: "commit", digests: ["sha1:abc"] },
          ],
        },
      ],
    ],
  ]),
};

function received(result: FrontendResult): gateway.Result {
  return decode(
    gateway.Result,
    encode(
      gateway.Result,
      resultMessage(result, () => definition),
    ),
  );
}

test("a result passes the wire with all that is attested of it", () => {
  expect(resultOf(received(attested))).toEqual(attested);
});

test("files of an attestation are told with their definition, as results are", () => {
  const list = received(attested).attestations.get("linux/amd64")?.attestation ?? [];
  expect(list.map(({ ref }) => ref?.def.length)).toEqual([definition.length, undefined]);
});

test("a result without attestations has none", () => {
  const { attestations: _, ...plain } = attested;
  expect(resultOf(received(plain))).toEqual(plain);
});

test.each([
  ["attestation", { kind: 7, inTotoSubjects: [] }],
  ["attestation subject", { kind: 0, inTotoSubjects: [{ kind: 7, name: "", digest: [] }] }],
])("an %s of no known kind is refused", (what, one) => {
  const attestation = [{ metadata: new Map(), path: "", inTotoPredicateType: "", ...one }];
  const result = { metadata: new Map(), attestations: new Map([["p", { attestation }]]) };
  expect(() => resultOf(result)).toThrow(`unknown ${what} kind 7`);
});
