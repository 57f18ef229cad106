import { expect, test } from "vitest";
import { CooperError, sha256 } from "../kit/index.ts";
import type { ParsedDefinition } from "../llb/index.ts";
import { encode, pb } from "../wire/index.ts";
import { SourcePlaces } from "./source-error.ts";

const digest = sha256("vertex");
const range = { start: { line: 3, character: 0 }, end: { line: 3, character: 9 } };
const definition: ParsedDefinition = {
  vertices: [],
  byDigest: new Map(),
  head: undefined,
  source: {
    files: [{ filename: "Dockerfile", language: "Dockerfile", data: Buffer.from("text") }],
    locations: new Map([[digest, [{ file: 0, ranges: [range] }]]]),
  },
};
const failed = (vertex: typeof digest) => {
  const cause = new CooperError("ops/exec-failed", "exit code: 42", {
    hint: "try",
    details: { kind: "exit", code: 42 },
  });
  return new CooperError("solver/vertex-failed", "exit code: 42", { cause, details: { kind: "vertex", vertex } });
};

test("a failed vertex points at its lines; the op's error is the cause and gives code and hint", () => {
  const places = new SourcePlaces();
  places.add(definition);
  expect(places.point(failed(digest))).toMatchObject({
    code: "ops/exec-failed",
    message: "exit code: 42",
    hint: "try",
    details: { kind: "source", source: { filename: "Dockerfile" }, ranges: [range] },
    cause: { details: { kind: "vertex", vertex: digest }, cause: { details: { kind: "exit", code: 42 } } },
  });
});

test("a vertex of several places tells the last one first, and how its file was made", () => {
  const places = new SourcePlaces();
  const made = { def: [Buffer.from("op")], metadata: new Map() };
  const other = { filename: "other", language: "", data: Buffer.from("x"), definition: made };
  const locations = new Map([
    [
      digest,
      [
        { file: 0, ranges: [range] },
        { file: 1, ranges: [] },
      ],
    ],
  ]);
  places.add({ ...definition, source: { files: [...definition.source.files, other], locations } });
  expect(places.point(failed(digest))).toMatchObject({
    details: {
      source: { filename: "other", definition: { definition: encode(pb.Definition, made) } },
      more: [{ source: { filename: "Dockerfile" }, ranges: [range] }],
    },
  });
});

test("a vertex of no known place keeps the op's own details", () => {
  expect(new SourcePlaces().point(failed(digest))).toMatchObject({ details: { kind: "exit", code: 42 } });
});

test("any other error stays what it is", () => {
  const error = new CooperError("dockerfile/parse", "unknown instruction");
  expect(new SourcePlaces().point(error)).toBe(error);
});
