import { describe, expect, test } from "vitest";
import { mediaTypes } from "../oci/index.ts";
import { sniffManifest } from "./sniff.ts";

const sniff = (document: unknown, header?: string) =>
  sniffManifest(Buffer.from(JSON.stringify(document)), header, "r/x");

describe("sniffManifest()", () => {
  test("believes the document before the header", () => {
    expect(sniff({ mediaType: mediaTypes.dockerManifest, layers: [] }, mediaTypes.ociManifest)).toBe(
      mediaTypes.dockerManifest,
    );
  });

  test("takes the header without its parameters", () => {
    expect(sniff({ config: {} }, `${mediaTypes.ociManifest}; charset=utf-8`)).toBe(mediaTypes.ociManifest);
  });

  test("goes by the shape when neither says anything", () => {
    expect(sniff({ manifests: [] }, "application/octet-stream")).toBe(mediaTypes.ociIndex);
    expect(sniff({ layers: [] }, undefined)).toBe(mediaTypes.ociManifest);
  });

  test.each([
    ["an index that is also a manifest", { manifests: [], layers: [] }],
    ["a manifest that calls itself an index", { mediaType: mediaTypes.ociIndex, config: {}, layers: [] }],
    ["docker's first schema", { schemaVersion: 1, fsLayers: [] }],
    ["something else", { hello: 1 }],
    ["a list", []],
    ["nothing", null],
  ])("refuses %s", (_, document) => {
    expect(() => sniff(document)).toThrow(expect.objectContaining({ code: "registry/bad-answer" }));
  });
});
