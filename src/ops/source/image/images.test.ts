import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeTarHeader, tarEnd } from "../../../archive/index.ts";
import { quietScope, sha256 } from "../../../kit/index.ts";
import {
  descriptorOf,
  encodeImageConfig,
  encodeIndex,
  encodeManifest,
  mediaTypes,
  type Platform,
} from "../../../oci/index.ts";
import { createRegistryClient, type RegistryClient } from "../../../registry/index.ts";
import { MemoryRegistry, type Misbehaviour, type SeenRequest } from "../../../registry/testing/index.ts";
import { openStorage, type Storage } from "../../../storage/index.ts";
import type { OpEvent, OpScope, Ref } from "../../contract.ts";
import { imageSource } from "./image-op.ts";
import { ImageResolver } from "./image-resolver.ts";
import { LayerBlobs } from "./layer-blobs.ts";
import { materialise } from "./materialise.ts";

const amd64: Platform = { os: "linux", architecture: "amd64" };
const arm64: Platform = { os: "linux", architecture: "arm64" };

let root: string;
let storage: Storage;
let registry: MemoryRegistry;
let client: RegistryClient;
let misbehave: ((request: SeenRequest) => Misbehaviour | undefined) | undefined;
let events: OpEvent[];
let scope: OpScope;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "cooper-images-"));
  storage = await openStorage({ root, snapshotter: "auto" }, quietScope);
  misbehave = undefined;
  registry = await MemoryRegistry.start({ script: (request) => misbehave?.(request) });
  client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
  events = [];
  scope = { ...quietScope, emit: (event) => events.push(event), callers: [] };
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

/** A tar of files; a value of undefined is a whiteout. */
function tar(files: Record<string, string | undefined>): Buffer {
  const parts = Object.entries(files).map(([path, text]) => {
    const name = text === undefined ? path.replace(/([^/]+)$/, ".wh.$1") : path;
    const body = Buffer.from(text ?? "");
    const header = { type: "file", name, mode: 0o644, uid: 0, gid: 0, size: body.byteLength, mtime: 0n } as const;
    return Buffer.concat([encodeTarHeader(header), body, Buffer.alloc((512 - (body.byteLength % 512)) % 512)]);
  });
  return Buffer.concat([...parts, tarEnd]);
}

/** Puts an image into the fake registry; returns its manifest. */
function publish(
  name: string,
  tars: readonly Buffer[],
  platform = amd64,
  diffIds = tars.map((bytes) => sha256(bytes)),
) {
  const layers = tars.map((bytes) => gzipSync(bytes));
  const config = Buffer.from(encodeImageConfig({ platform, config: {}, diffIds, history: [] }));
  const manifest = encodeManifest({
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(mediaTypes.ociConfig, config),
    layers: layers.map((layer) => descriptorOf(mediaTypes.ociLayerGzip, layer)),
  });
  for (const blob of [config, ...layers]) registry.blobs.set(`${name}@${sha256(blob)}`, blob);
  const entry = { mediaType: mediaTypes.ociManifest, bytes: manifest };
  registry.manifests.set(`${name}:latest`, entry);
  registry.manifests.set(`${name}@${sha256(manifest)}`, entry);
  return { ...descriptorOf(mediaTypes.ociManifest, manifest), platform };
}

const reference = (name: string) => `${registry.host}/${name}:latest`;
const resolver = () => new ImageResolver(storage, client);
async function pull(name: string): Promise<Ref> {
  const op = imageSource(`docker-image://${reference(name)}`, new Map(), amd64, resolver());
  await op.recipe(scope);
  const [ref] = await op.execute([], scope);
  return ref as Ref;
}
const unpack = (ref: Ref) => materialise(ref, storage, new LayerBlobs(storage, client), scope);
async function filesOf(id: Awaited<ReturnType<typeof unpack>>): Promise<Record<string, string>> {
  if (id === undefined) return {};
  await using mounted = await storage.mount(storage.snapshots.view(id));
  const names = await readdir(mounted.path);
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(mounted.path, name), "utf8")]));
  return Object.fromEntries(texts);
}
const blobRequests = () => registry.seen.filter(({ path }) => path.includes("/blobs/")).length;

describe("an image", () => {
  test("stays pending until it is unpacked; then its layers lie on each other", async () => {
    publish("app", [tar({ a: "1", b: "1" }), tar({ b: undefined, c: "2" }), tar({ a: "3" })]);
    const ref = await pull("app");
    expect(ref.kind).toBe("layers");
    expect(blobRequests()).toBe(1); // the config
    expect(await filesOf(await unpack(ref))).toEqual({ a: "3", c: "2" });
    expect(blobRequests()).toBe(4);
  });

  test("is unpacked once: the second time nothing is asked for", async () => {
    publish("app", [tar({ a: "1" }), tar({ b: "2" })]);
    const ref = await pull("app");
    const ids = await Promise.all([unpack(ref), unpack(ref)]);
    expect(ids[0]).toBe(ids[1]);
    expect(blobRequests()).toBe(3);
    const before = registry.seen.length;
    expect(await unpack(ref)).toBe(ids[0]);
    expect(registry.seen).toHaveLength(before);
  });

  test("shares the layers that another image brought", async () => {
    const base = tar({ a: "1" });
    publish("base", [base]);
    publish("app", [base, tar({ b: "2" })]);
    const below = await unpack(await pull("base"));
    const top = await unpack(await pull("app"));
    expect(top && storage.snapshots.get(top)?.parent).toBe(below);
  });

  test("needs no network when its name has a digest and it was here before", async () => {
    const { digest } = publish("app", [tar({ a: "1" })]);
    const name = `${reference("app")}@${digest}`;
    await resolver().resolve(name, amd64, scope);
    const before = registry.seen.length;
    expect((await resolver().resolve(name, amd64, scope)).digest).toBe(digest);
    expect(registry.seen).toHaveLength(before);
  });

  test("is not given away by its digest to who names another repository", async () => {
    const { digest } = publish("private", [tar({ a: "1" })]);
    await resolver().resolve(reference("private"), amd64, scope);
    await expect(resolver().resolve(`${reference("other")}@${digest}`, amd64, scope)).rejects.toThrow();
    publish("other", [tar({ a: "1" })]);
    expect((await resolver().resolve(`${reference("other")}@${digest}`, amd64, scope)).digest).toBe(digest);
  });

  test("with another digest than the step's checksum is refused", async () => {
    const { digest } = publish("app", [tar({ a: "1" })]);
    const wanted = sha256("another");
    const attrs = new Map([["image.checksum", wanted]]);
    const op = imageSource(`docker-image://${reference("app")}`, attrs, amd64, resolver());
    await expect(op.recipe(scope)).rejects.toThrow(
      `image digest ${digest} for ${reference("app")} does not match expected checksum ${wanted}`,
    );
  });

  test("of several platforms is chosen by platform; a missing one is named", async () => {
    const manifests = [publish("app", [tar({ a: "amd" })], amd64), publish("app", [tar({ a: "arm" })], arm64)];
    const index = encodeIndex({ mediaType: mediaTypes.ociIndex, manifests });
    registry.addManifest("app", "latest", index.toString(), mediaTypes.ociIndex);
    const images = resolver();
    const [a, b] = await Promise.all(
      [amd64, arm64].map((platform) => images.resolve(reference("app"), platform, scope)),
    );
    expect(a?.digest).toBe(sha256(index));
    expect(a?.layers[0]?.diffId).toBe(sha256(tar({ a: "amd" })));
    expect(b?.layers[0]?.diffId).toBe(sha256(tar({ a: "arm" })));
    const wanted = { os: "linux", architecture: "s390x" };
    await expect(images.resolve(reference("app"), wanted, scope)).rejects.toMatchObject({
      code: "ops/no-platform",
      message: "no match for platform in manifest: not found",
      hint: "wanted linux/s390x, the image has linux/amd64, linux/arm64",
    });
  });

  test("tells of what comes and of what is unpacked", async () => {
    publish("app", [tar({ a: "1" })]);
    const ref = await pull("app");
    events.length = 0;
    await unpack(ref);
    const ends = events.flatMap((event) => (event.type === "status" && event.completed ? [event] : []));
    const layer = ref.kind === "layers" ? ref.layers[0]?.descriptor : undefined;
    expect(ends.map(({ id }) => id).sort()).toEqual([`extracting ${layer?.digest}`, `${layer?.digest}`]);
    expect(ends.find(({ id }) => id === layer?.digest)).toMatchObject({ current: layer?.size, total: layer?.size });
  });
});

describe("a broken image", () => {
  test("whose layer has another content than its config says leaves nothing behind", async () => {
    publish("app", [tar({ a: "1" })], amd64, [sha256("something else")]);
    await expect(unpack(await pull("app"))).rejects.toMatchObject({ code: "ops/bad-layer" });
    expect(storage.snapshots.byName(sha256("something else"))).toBeUndefined();
  });

  test("with more layers than diff ids is refused", async () => {
    publish("app", [tar({ a: "1" }), tar({ b: "1" })], amd64, [sha256("x")]);
    await expect(pull("app")).rejects.toMatchObject({ code: "ops/bad-image" });
  });

  test("a blob with wrong bytes is asked for again, and refused when it stays wrong", async () => {
    publish("app", [tar({ a: "1" })]);
    const ref = await pull("app");
    let wrong = 1;
    misbehave = (request) => (request.path.includes("/blobs/") && wrong-- > 0 ? { kind: "wrong-bytes" } : undefined);
    expect(await filesOf(await unpack(ref))).toEqual({ a: "1" });
    publish("other", [tar({ z: "1" })]);
    const other = await pull("other");
    misbehave = (request) => (request.path.includes("/blobs/") ? { kind: "wrong-bytes" } : undefined);
    await expect(unpack(other)).rejects.toThrow();
  });

  test("a layer that cannot come ends the pull, whichever of them it is", async () => {
    publish("app", [tar({ a: "1" }), tar({ b: "1" }), tar({ c: "1" })]);
    const ref = await pull("app");
    const last = ref.kind === "layers" ? ref.layers[2]?.descriptor.digest : "";
    misbehave = (request) => (request.path.includes(`${last}`) ? { kind: "answer", status: 404 } : undefined);
    await expect(unpack(ref)).rejects.toMatchObject({ code: "registry/not-found" });
  });
});
