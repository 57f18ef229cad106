import { describe, expect, test } from "vitest";
import type { Digest } from "../kit/index.ts";
import { parseImageConfig } from "../oci/index.ts";
import { patchConfig } from "./patch-config.ts";

const diffId = `sha256:${"1".repeat(64)}` as Digest;
const layer = (created?: string, createdBy = "") => ({ diffId, createdBy, created });
const plain = (config: object, layers: ReturnType<typeof layer>[], epoch?: number, base?: string) => {
  const patch = { layers, epoch, base: base === undefined ? undefined : parseImageConfig(base) };
  return JSON.parse(patchConfig(Buffer.from(JSON.stringify(config)), patch).toString());
};
const platform = { architecture: "amd64", os: "linux" };

test("patchConfig() refuses a config that is null", () => {
  const patch = { layers: [], epoch: undefined, base: undefined };
  expect(() => patchConfig(Buffer.from("null"), patch)).toThrow("invalid null image config for export");
});

describe("patchConfig() makes the history account for the layers", () => {
  test("adding records for layers that the frontend does not mention", () => {
    const config = plain(platform, [layer("2026-01-01T00:00:00Z", "RUN x"), layer("2026-01-02T00:00:00Z")]);
    expect(config.history).toEqual([
      { created: "2026-01-01T00:00:00Z", created_by: "RUN x", comment: "buildkit.exporter.image.v0" },
      { created: "2026-01-02T00:00:00Z", created_by: "created by buildkit", comment: "buildkit.exporter.image.v0" },
    ]);
    expect(config.created).toBe("2026-01-02T00:00:00Z");
  });

  test("making surplus records empty from the first that has no layer", () => {
    const history = [{ created_by: "a" }, { created_by: "b" }];
    const config = plain({ ...platform, history }, [layer("2026-01-01T00:00:00Z")]);
    expect(config.history[1]).toMatchObject({ created_by: "b", empty_layer: true });
  });

  test("giving a first metadata record the time of the first new layer, not of the base image", () => {
    const history = [
      { created: "2020-01-01T00:00:00Z", created_by: "base" },
      { created_by: "ENV a=b", empty_layer: true },
      { created_by: "RUN x" },
      { created_by: "CMD y", empty_layer: true },
    ];
    const layers = [layer(), layer("2026-01-01T00:00:00.5Z")];
    const config = plain({ ...platform, history }, layers);
    const new_ = "2026-01-01T00:00:00.5Z";
    expect(config.history.map((entry: { created: string }) => entry.created)).toEqual([
      "2020-01-01T00:00:00Z",
      new_,
      new_,
      new_,
    ]);
  });
});

describe("patchConfig() with an epoch", () => {
  const base = JSON.stringify({ ...platform, history: [{ created: "2026-05-05T00:00:00Z", created_by: "base" }] });

  test("lowers later times, and keeps those of the base image", () => {
    const history = [
      { created: "2026-05-05T00:00:00Z", created_by: "base" },
      { created: "2026-06-06T00:00:00Z", created_by: "new" },
      { created: "2001-01-01T00:00:00Z", created_by: "old" },
    ];
    const config = plain(
      { ...platform, created: "2026-06-06T00:00:00Z", history },
      [layer(), layer(), layer()],
      1700000000,
      base,
    );
    expect(config.history.map((entry: { created: string }) => entry.created)).toEqual([
      "2026-05-05T00:00:00Z",
      "2023-11-14T22:13:20Z",
      "2001-01-01T00:00:00Z",
    ]);
    expect(config.created).toBe("2023-11-14T22:13:20Z");
  });

  test("sees a time that is later by a nanosecond", () => {
    const history = [{ created: "2023-11-14T22:13:20.000000001Z", created_by: "new" }];
    expect(plain({ ...platform, history }, [layer()], 1700000000).history[0].created).toBe("2023-11-14T22:13:20Z");
  });
});

describe("patchConfig() leaves everything else byte for byte", () => {
  test("numbers, escapes, unknown fields and keys that look like numbers", () => {
    const text =
      '{ "os":"linux",\n "architecture" : "amd64", "zzz": 1.50e+10, "config": {"Labels": {"10":"a","9":"<b>","x\\u003c":"\\"}"}}, "big": 12345678901234567890 }';
    expect(patchConfig(Buffer.from(text), { layers: [], epoch: undefined, base: undefined }).toString()).toBe(
      '{"architecture":"amd64","big":12345678901234567890,"config":{"Labels":{"10":"a","9":"\\u003cb\\u003e","x\\u003c":"\\"}"}},"created":null,"history":null,"os":"linux","rootfs":{"type":"layers","diff_ids":null},"zzz":1.50e+10}',
    );
  });

  test("without a frontend's config it makes one for this machine", () => {
    const config = JSON.parse(patchConfig(undefined, { layers: [], epoch: undefined, base: undefined }).toString());
    expect(config).toMatchObject({
      os: "linux",
      config: { WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: null },
    });
  });

  test.each(["null", "[]", '{"os":"linux"}', '{"architecture":"amd64"}', "{"])("refuses %s", (text) => {
    expect(() => patchConfig(Buffer.from(text), { layers: [], epoch: undefined, base: undefined })).toThrow();
  });
});
