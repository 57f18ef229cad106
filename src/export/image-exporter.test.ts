import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseImageManifest } from "../oci/index.ts";
import { type Credentials, createRegistryClient, type RegistryClient } from "../registry/index.ts";
import { DockerRegistry, MemoryRegistry } from "../registry/testing/index.ts";
import type { LayerRecord, SnapshotId, Storage } from "../storage/index.ts";
import type { ExportLayer, ExportNeeds, ExportSource } from "./contract.ts";
import { createExporter } from "./index.ts";
import { collectingScope, collectingTarget } from "./testing/collecting-scope.ts";
import { snapshot, withStorage } from "./testing/real-tree.ts";

const noNeeds: ExportNeeds = {
  fetchLayer: async () => {
    throw new Error("nothing to fetch here");
  },
  materialise: async () => undefined,
};
const none: Credentials = { kind: "none" };
const config =
  '{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":null}}';

const ofSnapshots = (...ids: SnapshotId[]): ExportLayer[] =>
  ids.map((id) => ({ kind: "snapshot", id, createdBy: "RUN it", createdAt: new Date(0) }));
const sourceOf = (layers: readonly ExportLayer[], metadata: Record<string, string> = {}): ExportSource => ({
  images: [{ tree: { layers } }],
  metadata: new Map(
    Object.entries({ "containerimage.config": config, ...metadata }).map(([key, value]) => [key, Buffer.from(value)]),
  ),
});

interface World {
  readonly storage: Storage;
  readonly registry: RegistryClient;
  readonly two: readonly [SnapshotId, SnapshotId];
}
async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  await withStorage(async (storage) => {
    await using registry = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff: [1] });
    const base = await snapshot(storage, undefined, (folder) => writeFileSync(`${folder}/base`, "b".repeat(100_000)));
    const top = await snapshot(storage, base, (folder) => writeFileSync(`${folder}/top`, "t"));
    await work({ storage, registry, two: [base, top] });
  });
}

async function run(world: World, type: string, attrs: Record<string, string>, source: ExportSource, needs = noNeeds) {
  const credentials = async () => none;
  const exporter = await createExporter(type, attrs, { ...world, needs, credentials });
  const scope = collectingScope();
  const { target, sent } = collectingTarget();
  const response = await exporter.export(source, target, scope);
  return { response, tasks: scope.tasks, bytes: sent[0]?.bytes };
}

describe("type=image", () => {
  test("pushes what skopeo can read, with upstream's task names", async () => {
    await withWorld(async (world) => {
      await using registry = await DockerRegistry.start();
      const name = `${registry.host}/team/app:v1`;
      const { response, tasks } = await run(
        world,
        "image",
        { name, push: "true" },
        sourceOf(ofSnapshots(...world.two)),
      );
      const digest = response["containerimage.digest"];
      expect(tasks).toEqual([
        "exporting layers",
        `exporting manifest ${digest}`,
        `exporting config ${response["containerimage.config.digest"]}`,
        "pushing layers",
        `pushing manifest for ${name}@${digest}`,
      ]);
      expect(response["image.name"]).toBe(name);
      const seen = spawnSync("skopeo", ["inspect", "--tls-verify=false", `docker://${name}`], { encoding: "utf8" });
      expect(seen.stderr).toBe("");
      expect(JSON.parse(seen.stdout)).toMatchObject({ Digest: digest, Architecture: "amd64", Os: "linux" });
      expect(JSON.parse(seen.stdout).Layers).toHaveLength(2);
    });
  });

  test("makes each layer once, whoever exports it again", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(ofSnapshots(...world.two));
      const [first, second] = await Promise.all([run(world, "image", {}, source), run(world, "oci", {}, source)]);
      expect(first.response["containerimage.digest"]).toBe(second.response["containerimage.digest"]);
      expect(world.two.map((id) => world.storage.layers.list(id).length)).toEqual([1, 1]);
      const third = await run(world, "image", { compression: "zstd" }, source);
      expect(third.response["containerimage.digest"]).toBe(first.response["containerimage.digest"]);
    });
  });

  test("converts every layer when compression is forced, and keeps the diff ids", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(ofSnapshots(...world.two));
      await run(world, "image", {}, source);
      await run(world, "image", { compression: "zstd", "force-compression": "true" }, source);
      for (const id of world.two) {
        const [gzip, zstd] = world.storage.layers.list(id);
        expect([gzip?.compression, zstd?.compression]).toEqual(["gzip", "zstd"]);
        expect(zstd?.diffId).toBe(gzip?.diffId);
      }
    });
  });

  test("mounts from where a layer was pushed before instead of uploading it", async () => {
    await withWorld(async (world) => {
      await using registry = await MemoryRegistry.start();
      const source = sourceOf(ofSnapshots(...world.two));
      await run(world, "image", { name: `${registry.host}/team/one:1`, push: "true" }, source);
      const before = registry.log.length;
      await run(world, "image", { name: `${registry.host}/team/two:1`, push: "true" }, source);
      const later = registry.seen
        .slice(before)
        .filter(({ method, path }) => method === "PUT" && path.includes("/blobs/uploads/"));
      // The config is the only blob that is uploaded.
      expect(later).toHaveLength(1);
    });
  });

  test("pushes under several names, and by digest", async () => {
    await withWorld(async (world) => {
      await using registry = await MemoryRegistry.start();
      const source = sourceOf(ofSnapshots(...world.two));
      const names = [`${registry.host}/a:1`, `${registry.host}/b:2`];
      await run(world, "image", { name: names.join(","), push: "true" }, source);
      expect([registry.manifests.has("a:1"), registry.manifests.has("b:2")]).toEqual([true, true]);
      const { tasks } = await run(
        world,
        "image",
        { name: `${registry.host}/c`, push: "true", "push-by-digest": "true" },
        source,
      );
      expect(tasks.at(-1)).toBe(`pushing manifest for ${registry.host}/c`);
      expect([...registry.manifests.keys()].filter((key) => key.startsWith("c"))).toEqual([
        expect.stringMatching(/^c@sha256:/),
      ]);
      const tagged = run(world, "image", { name: names[0] ?? "", push: "true", "push-by-digest": "true" }, source);
      await expect(tagged).rejects.toThrow(`can't push tagged ref ${names[0]} by digest`);
    });
  });

  test("fetches a layer that is not here only when the registry has no use for a mount", async () => {
    await withWorld(async (world) => {
      await using registry = await MemoryRegistry.start();
      const blob = registry.addBlob("library/base", Buffer.from("never unpacked"));
      const record: LayerRecord = {
        descriptor: blob,
        diffId: blob.digest,
        compression: "uncompressed",
        from: [`${registry.host}/library/base:1`],
      };
      const source = sourceOf([{ kind: "pending", record }]);
      await run(world, "image", { name: `${registry.host}/library/new:1`, push: "true" }, source);
      expect(registry.blobs.has(`library/new@${blob.digest}`)).toBe(true);
      await using other = await MemoryRegistry.start();
      const fetched: string[] = [];
      const fetchLayer: ExportNeeds["fetchLayer"] = async (wanted, scope) => {
        fetched.push(wanted.descriptor.digest);
        await world.storage.blobs.put(
          (async function* () {
            yield Buffer.from("never unpacked");
          })(),
          scope,
          blob,
        );
      };
      await run(world, "image", { name: `${other.host}/new:1`, push: "true" }, source, { ...noNeeds, fetchLayer });
      expect(fetched).toEqual([blob.digest]);
      expect(other.blobs.has(`new@${blob.digest}`)).toBe(true);
    });
  });

  test("pushes an index with its manifests", async () => {
    await withWorld(async (world) => {
      await using registry = await MemoryRegistry.start();
      const [base, top] = world.two;
      const images = [
        { platform: { os: "linux", architecture: "amd64" }, tree: { layers: ofSnapshots(base, top) } },
        { platform: { os: "linux", architecture: "arm64" }, tree: { layers: ofSnapshots(base) } },
      ];
      const platforms = images.map(({ platform }) => ({
        ID: `${platform.os}/${platform.architecture}`,
        Platform: platform,
      }));
      const arm = config.replace("amd64", "arm64");
      const metadata = {
        "refs.platforms": JSON.stringify({ Platforms: platforms }),
        "containerimage.config/linux/arm64": arm,
      };
      const source = { images, metadata: sourceOf([], metadata).metadata };
      const { response } = await run(world, "image", { name: `${registry.host}/multi:1`, push: "true" }, source);
      expect(response["containerimage.config.digest"]).toBeUndefined();
      const index = JSON.parse(registry.manifests.get("multi:1")?.bytes.toString() ?? "{}");
      const inner = index.manifests.map(
        (one: { digest: string }) => registry.manifests.get(`multi@${one.digest}`)?.bytes ?? Buffer.from("{}"),
      );
      expect(inner.map((bytes: Buffer) => parseImageManifest(bytes).layers.length)).toEqual([2, 1]);
    });
  });

  test("names the image and keeps the registry's code when a push fails, and leaves nothing running", async () => {
    await withWorld(async (world) => {
      const script = ({ method }: { method: string }) =>
        method === "POST"
          ? ({ kind: "answer", status: 403, body: '{"errors":[{"code":"DENIED"}]}' } as const)
          : undefined;
      await using registry = await MemoryRegistry.start({ script });
      const name = `${registry.host}/golden/denied:1`;
      const wait = run(world, "image", { name, push: "true" }, sourceOf(ofSnapshots(...world.two)));
      await expect(wait).rejects.toMatchObject({ code: "registry/denied", message: `failed to push ${name}: denied` });
    });
  });

  test("stops making layers when the first cannot be pushed", async () => {
    await withWorld(async (world) => {
      await using registry = await MemoryRegistry.start({ guard: { kind: "basic", username: "u", password: "p" } });
      const stuck: ExportNeeds["fetchLayer"] = (_, scope) =>
        new Promise((_resolve, reject) => scope.signal.addEventListener("abort", () => reject(scope.signal.reason)));
      const digest = `sha256:${"5".repeat(64)}` as const;
      const record: LayerRecord = {
        descriptor: { mediaType: "x", digest, size: 5 },
        diffId: digest,
        compression: "gzip",
        from: [],
      };
      const source = sourceOf([...ofSnapshots(world.two[0]), { kind: "pending", record }]);
      const name = `${registry.host}/x:1`;
      const attrs = { name, push: "true", compression: "zstd", "force-compression": "true" };
      const wait = run(world, "image", attrs, source, { ...noNeeds, fetchLayer: stuck });
      await expect(wait).rejects.toMatchObject({
        code: "registry/unauthorized",
        message: expect.stringMatching(
          /^failed to push .*x:1: unexpected status from HEAD request to .*: 401 Unauthorized$/,
        ),
      });
    });
  });

  test("needs no name to be stored, and gets a dangling one when asked", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(ofSnapshots(...world.two));
      expect((await run(world, "image", { push: "true" }, source)).response["image.name"]).toBeUndefined();
      const { response } = await run(world, "image", { "dangling-name-prefix": "dang" }, source);
      expect(response["image.name"]).toBe(`dang@${response["containerimage.digest"]}`);
      expect(world.storage.records.get("image", response["image.name"] ?? "")).toContain(
        response["containerimage.digest"],
      );
    });
  });
});

test("layers of native snapshots are the changes between whole trees", async () => {
  await withStorage(async (storage) => {
    await using registry = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff: [1] });
    const base = await snapshot(storage, undefined, (folder) => writeFileSync(`${folder}/base`, "b"));
    const top = await snapshot(storage, base, (folder) => writeFileSync(`${folder}/top`, "t"));
    await run(
      { storage, registry, two: [base, top] },
      "image",
      { compression: "uncompressed" },
      sourceOf(ofSnapshots(base, top)),
    );
    const [record] = storage.layers.list(top);
    const listed = spawnSync("tar", ["tf", await storage.blobs.path(record?.descriptor.digest as `sha256:${string}`)], {
      encoding: "utf8",
    });
    expect(listed.stdout).toBe("top\n");
  }, "native");
});

describe("rewrite-timestamp", () => {
  test("lowers times in new layers, and leaves the base image's layers alone", async () => {
    await withWorld(async (world) => {
      const plain = await run(world, "image", {}, sourceOf(ofSnapshots(...world.two)));
      const [base, top] = world.two.map((id) => world.storage.layers.list(id)[0]?.diffId);
      const baseConfig = JSON.stringify({
        os: "linux",
        architecture: "amd64",
        rootfs: { type: "layers", diff_ids: [base] },
      });
      const source = sourceOf(ofSnapshots(...world.two), { "containerimage.base.config": baseConfig });
      const attrs = { "rewrite-timestamp": "true", "source-date-epoch": "1000" };
      const { response, tasks } = await run(world, "image", attrs, source);
      expect(tasks).toContain("rewriting layers with source-date-epoch 1000 (1970-01-01 00:16:40 +0000 UTC)");
      expect(response["containerimage.digest"]).not.toBe(plain.response["containerimage.digest"]);
      const again = await run(world, "image", attrs, source);
      expect(again.response).toEqual(response);
      const path = await world.storage.blobs.path(response["containerimage.config.digest"] as `sha256:${string}`);
      const ids = JSON.parse(spawnSync("cat", [path], { encoding: "utf8" }).stdout).rootfs.diff_ids;
      expect([ids[0] === base, ids[1] === top]).toEqual([true, false]);
    });
  });

  test("marks the layers that it made, where the media types know annotations", async () => {
    await withWorld(async (world) => {
      const marks = async (oci: string) => {
        const attrs = { "rewrite-timestamp": "true", "source-date-epoch": "1000", "oci-mediatypes": oci };
        const { response } = await run(world, "image", attrs, sourceOf(ofSnapshots(...world.two)));
        const path = await world.storage.blobs.path(response["containerimage.digest"] as `sha256:${string}`);
        const { layers } = JSON.parse(readFileSync(path, "utf8"));
        return layers.map((layer: { annotations?: object }) => layer.annotations);
      };
      const mark = { "buildkit/rewritten-timestamp": "1000" };
      expect(await marks("true")).toEqual([mark, mark]);
      expect(await marks("false")).toEqual([undefined, undefined]);
    });
  });
});

describe("type=oci and type=docker", () => {
  test.each(["oci-archive", "docker-archive"])("an archive that skopeo reads as %s", async (transport) => {
    await withWorld(async (world) => {
      const type = transport === "oci-archive" ? "oci" : "docker";
      const { bytes } = await run(world, type, { name: "x/y:z" }, sourceOf(ofSnapshots(...world.two)));
      await withStorage(async (_, folder) => {
        writeFileSync(`${folder}/image.tar`, bytes ?? "");
        const seen = spawnSync("skopeo", ["inspect", `${transport}:${folder}/image.tar`], { encoding: "utf8" });
        expect(seen.stderr).toBe("");
        expect(JSON.parse(seen.stdout)).toMatchObject({ Architecture: "amd64", Os: "linux" });
      });
    });
  });

  test("docker refuses several platforms", async () => {
    await withWorld(async (world) => {
      const images = [{ platform: { os: "linux", architecture: "amd64" }, tree: { layers: [] } }];
      const platforms = { Platforms: [{ ID: "linux/amd64", Platform: { os: "linux", architecture: "amd64" } }] };
      const { metadata } = sourceOf([], { "refs.platforms": JSON.stringify(platforms) });
      await expect(run(world, "docker", {}, { images, metadata })).rejects.toThrow(
        "docker exporter does not currently support exporting manifest lists",
      );
    });
  });

  test("index annotations need an index", async () => {
    await withWorld(async (world) => {
      const wait = run(world, "oci", { "annotation-index.a": "b" }, sourceOf([]));
      await expect(wait).rejects.toThrow("index annotations not supported for single platform export");
    });
  });
});
