import { describe, expect, test } from "vitest";
import type { RegistryClient } from "../registry/index.ts";
import type { Storage } from "../storage/index.ts";
import { annotationsFor, readAnnotations } from "./annotations.ts";
import { epochAttribute, withBuildArgEpoch } from "./epoch.ts";
import { readImageAttributes } from "./image-attributes.ts";
import { createExporter } from "./index.ts";

const parts = {
  storage: {} as Storage,
  registry: {} as RegistryClient,
  needs: { fetchLayer: async () => {}, materialise: async () => undefined },
  credentials: async () => ({ kind: "none" }) as const,
};

describe("createExporter() refuses in upstream's words", () => {
  test.each([
    [
      "image",
      { push: "maybe" },
      'non-bool value specified for push: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    ["oci", { compression: "lzma" }, "unsupported compression type lzma"],
    [
      "oci",
      { "compression-level": "abc" },
      'non-integer value abc specified for compression-level: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    ["oci", { "annotation-foo.x": "y" }, "unrecognized annotation type foo"],
    [
      "docker",
      { "oci-mediatypes": "maybe" },
      'non-bool value specified for oci-mediatypes: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      "oci",
      { "rewrite-timestamp": "x" },
      'non-bool value specified for rewrite-timestamp: strconv.ParseBool: parsing "x": invalid syntax',
    ],
    [
      "tar",
      { "source-date-epoch": "abc" },
      'invalid source-date-epoch: strconv.ParseInt: parsing "abc": invalid syntax: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    ["local", { mode: "move" }, 'invalid local exporter mode "move"'],
    ["foo", {}, 'exporter "foo" could not be found'],
    [
      "oci",
      { compression: "estargz", "oci-mediatypes": "false" },
      'exporter option "compression=estargz" conflicts with "oci-mediatypes=false"',
    ],
  ] as const)("type=%s %o", async (type, attrs, message) => {
    await expect(createExporter(type, attrs as Record<string, string>, parts)).rejects.toThrow(message);
  });
});

describe("createExporter() accepts", () => {
  test.each([
    ["image", "exporting to image"],
    ["oci", "exporting to oci image format"],
    ["docker", "exporting to docker image format"],
    ["tar", "exporting to client tarball"],
    ["local", "exporting to client directory"],
  ])("type=%s with attributes that nobody knows, and calls it %s", async (type, name) => {
    expect((await createExporter(type, { buildinfo: "true", "no-such": "thing" }, parts)).name).toBe(name);
  });
});

test("readImageAttributes() takes a flag without a value as set", () => {
  expect(readImageAttributes({ "force-compression": "" }, "oci").forceCompression).toBe(true);
});

test("annotationsFor() gives a platform its own annotations after those for all", () => {
  const all = readAnnotations([
    ["annotation.a", "1"],
    ["annotation-manifest.b", "1"],
    ["annotation[linux/arm64].a", "2"],
    ["annotation-index.i", "3"],
    ["name", "x"],
  ]);
  expect(annotationsFor(all, "linux/arm64")).toMatchObject({ manifest: { a: "2", b: "1" }, index: { i: "3" } });
  expect(annotationsFor(all, "linux/amd64").manifest).toMatchObject({ a: "1" });
});

describe("source-date-epoch", () => {
  test("given but empty means none", () => {
    expect(epochAttribute({ "source-date-epoch": "" })).toEqual({ seconds: undefined });
    expect(epochAttribute({})).toBeUndefined();
  });

  test("comes from the build argument unless the exporter has its own, or the argument is the frontend's word", () => {
    const options = { "build-arg:SOURCE_DATE_EPOCH": "5" };
    expect(withBuildArgEpoch({}, options)).toEqual({ "source-date-epoch": "5" });
    expect(withBuildArgEpoch({ "source-date-epoch": "7" }, options)).toEqual({ "source-date-epoch": "7" });
    expect(withBuildArgEpoch({}, { "build-arg:SOURCE_DATE_EPOCH": "context" })).toEqual({});
  });
});
