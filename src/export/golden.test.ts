import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readTar } from "../archive/index.ts";
import { bytesOf, collect, type Digest } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import { archiveExporter } from "./archive-exporter.ts";
import type { ExportSource } from "./contract.ts";
import { LayerSource } from "./layers.ts";
import { collectingScope, collectingTarget } from "./testing/collecting-scope.ts";
import { FakeStorage } from "./testing/fake-storage.ts";

/** Captured from BuildKit: what its frontend gave to the exporter, and every byte that the exporter wrote but the layers. */
interface GoldenCase {
  readonly name: string;
  readonly type: "oci" | "docker";
  readonly attrs: Record<string, string>;
  /** When the archive was made. */
  readonly now: string;
  readonly metadata: Record<string, string>;
  readonly images: readonly {
    readonly platform: Platform | null;
    readonly layers: readonly {
      readonly digest: Digest;
      readonly size: number;
      readonly mediaType: string;
      readonly diffId: Digest;
    }[];
  }[];
  readonly expected: {
    readonly documents: readonly string[];
    readonly "index.json": string;
    readonly "manifest.json"?: string;
    readonly tar: readonly {
      readonly name: string;
      readonly type: string;
      readonly mode: string;
      readonly size: number;
    }[];
    readonly metadata: Record<string, unknown>;
  };
}
const cases = JSON.parse(readFileSync(new URL("golden.fixture.json", import.meta.url), "utf8")) as GoldenCase[];

function sourceOf(golden: GoldenCase, fake: FakeStorage): ExportSource {
  const images = golden.images.map(({ platform, layers }, image) => ({
    ...(platform === null ? {} : { platform }),
    tree: {
      layers: layers.map(({ digest, size, diffId, mediaType }, index) => {
        const compression = mediaType.endsWith("zstd") ? ("zstd" as const) : ("gzip" as const);
        const id = fake.addLayer(`${image}-${index}`, {
          descriptor: { mediaType, digest, size },
          diffId,
          compression,
          from: [],
        });
        return { kind: "snapshot" as const, id, createdBy: "", createdAt: new Date(golden.now) };
      }),
    },
  }));
  const metadata = new Map(Object.entries(golden.metadata).map(([key, value]) => [key, Buffer.from(value)] as const));
  return { images, metadata };
}

async function exportCase(golden: GoldenCase) {
  await using fake = await FakeStorage.make();
  const { target, sent } = collectingTarget();
  const needs = { fetchLayer: async () => {}, materialise: async () => undefined };
  const { storage } = fake;
  const exporter = archiveExporter(golden.type, golden.attrs, {
    storage,
    needs,
    layers: new LayerSource(storage, needs),
  });
  const response = await exporter.export(sourceOf(golden, fake), target, collectingScope());
  const files: { name: string; type: string; mode: string; size: number; text: string }[] = [];
  for await (const { header, body } of readTar(bytesOf(sent[0]?.bytes ?? Buffer.alloc(0)))) {
    const { name, type, mode, size } = header;
    const bytes = await collect(body(), 1e8);
    const shown = type === "directory" ? { name: `${name.replace(/\/$/, "")}/`, type: "dir" } : { name, type };
    files.push({ ...shown, mode: mode.toString(8).padStart(4, "0"), size, text: bytes.toString("utf8") });
  }
  return { response, files, documents: [...fake.documents.values()].map(String), sent };
}

describe("as BuildKit wrote it", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(cases)("$name", async (golden) => {
    vi.setSystemTime(new Date(golden.now));
    const { response, files, documents, sent } = await exportCase(golden);
    const { expected } = golden;
    expect([...new Set(documents)].sort()).toEqual([...expected.documents].sort());
    const text = (name: string) => files.find((file) => file.name === name)?.text;
    expect(text("index.json")).toBe(expected["index.json"]);
    expect(text("manifest.json")).toBe(expected["manifest.json"]);
    expect(text("oci-layout")).toBe('{"imageLayoutVersion":"1.0.0"}');
    expect(files.map(({ name, type, mode, size }) => ({ name, type, mode, size }))).toEqual(expected.tar);
    const descriptor = JSON.parse(Buffer.from(response["containerimage.descriptor"] ?? "", "base64").toString("utf8"));
    expect({ ...response, "containerimage.descriptor": descriptor }).toEqual(expected.metadata);
    expect(sent[0]?.metadata).toEqual(response);
  });
});

test("the archive has no time in it but the annotation, so the same image is the same archive", async () => {
  const golden = cases.find(({ name }) => name === "oci-epoch") as GoldenCase;
  const [first, second] = [await exportCase(golden), await exportCase(golden)];
  expect(first.sent[0]?.bytes.equals(second.sent[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
});
