import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, quietScope, sha256 } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import type { Credentials, HostOptions, RegistryAccess } from "./contract.ts";
import { DockerRegistry } from "./testing/index.ts";

const layer = Buffer.alloc(5_000_000, "layer ");
const config = Buffer.from(
  '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}',
);
const describeBytes = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.byteLength,
});
const layerDescriptor = describeBytes(mediaTypes.ociLayer, layer);
const configDescriptor = describeBytes(mediaTypes.ociConfig, config);
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: [layerDescriptor],
  }),
);
const manifestDescriptor = describeBytes(mediaTypes.ociManifest, manifest);
const open = (bytes: Buffer) =>
  async function* () {
    for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
  };
const as = (credentials: Credentials): RegistryAccess => ({ credentials: async () => credentials });
const anonymous = as({ kind: "none" });

async function roundTrip(host: string, access: RegistryAccess, hosts: Record<string, HostOptions> = {}): Promise<void> {
  await using client = createRegistryClient({ hosts, userAgent: "cooper-test", backoff: [1] });
  const name = `${host}/team/app:v1`;
  const push = (descriptor: typeof layerDescriptor, bytes: Buffer, to = name, mountFrom: string[] = []) =>
    client.pushBlob(to, descriptor, { mountFrom, open: open(bytes) }, access, quietScope);
  expect(await push(layerDescriptor, layer)).toBe("uploaded");
  expect(await push(configDescriptor, config)).toBe("uploaded");
  expect(await push(layerDescriptor, layer)).toBe("exists");
  expect(await push(layerDescriptor, layer, `${host}/team/other`, [name])).toBe("mounted");
  await client.pushManifest(name, manifestDescriptor, manifest, { byDigest: false }, access, quietScope);
  const found = await client.resolve(name, access, quietScope);
  expect(found).toEqual({ descriptor: manifestDescriptor, bytes: manifest });
  expect(await client.manifest(name, manifestDescriptor, access, quietScope)).toEqual(manifest);
  const got = await collect(client.blob(name, layerDescriptor, access, quietScope), 1e9);
  expect(sha256(got)).toBe(layerDescriptor.digest);
}

describe("with docker-registry", () => {
  test("everything that was pushed comes back", async () => {
    await using registry = await DockerRegistry.start();
    await roundTrip(registry.host, anonymous);
    await using client = createRegistryClient({ hosts: {}, userAgent: "t", backoff: [1] });
    await expect(client.resolve(`${registry.host}/team/app:v2`, anonymous, quietScope)).rejects.toMatchObject({
      code: "registry/not-found",
      message: `${registry.host}/team/app:v2: not found`,
    });
  });

  test("a user of its htpasswd file may push, others may not", async () => {
    await using registry = await DockerRegistry.start({ basicAuth: true });
    await roundTrip(registry.host, as({ kind: "basic", username: "user", password: "pass" }));
    await expect(roundTrip(registry.host, anonymous)).rejects.toMatchObject({ code: "registry/unauthorized" });
    await expect(roundTrip(registry.host, as({ kind: "basic", username: "user", password: "x" }))).rejects.toThrow(
      /^unexpected status from HEAD request to .*: 401 Unauthorized$/,
    );
  });
});

describe("with docker-registry on TLS", () => {
  let folder: string;
  let cert: string;
  let registry: DockerRegistry;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cooper-tls-"));
    cert = join(folder, "cert.pem");
    const key = join(folder, "key.pem");
    const subject = ["-subj", "/CN=golden", "-addext", "subjectAltName=IP:127.0.0.1"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    spawnSync("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", cert, ...subject]);
    registry = await DockerRegistry.start({ tls: { key, cert } });
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("its authority's certificate makes it trusted", async () => {
    await roundTrip(registry.host, anonymous, { [registry.host]: { http: false, ca: [cert] } });
  });

  test("insecure makes it trusted whatever its certificate", async () => {
    await using client = createRegistryClient({ hosts: {}, userAgent: "t", backoff: [1] });
    const access = { ...anonymous, host: { insecure: true, http: true } };
    await expect(client.resolve(`${registry.host}/none:1`, access, quietScope)).rejects.toMatchObject({
      code: "registry/not-found",
    });
  });

  test("otherwise it is refused in Go's words, with a hint", async () => {
    await using client = createRegistryClient({
      hosts: { [registry.host]: { http: false } },
      userAgent: "t",
      backoff: [1],
    });
    await expect(client.resolve(`${registry.host}/none:1`, anonymous, quietScope)).rejects.toMatchObject({
      code: "registry/unreachable",
      message: expect.stringContaining(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      ),
      hint: expect.stringContaining("buildkitd.toml"),
    });
  });
});

describe("with a registry without TLS where TLS is expected", () => {
  test("insecure falls back to plain HTTP", async () => {
    await using registry = await DockerRegistry.start();
    await roundTrip(registry.host, { ...anonymous, host: { insecure: true, http: true } });
  });

  test("nothing else does", async () => {
    await using registry = await DockerRegistry.start();
    await using client = createRegistryClient({
      hosts: { [registry.host]: { http: false } },
      userAgent: "t",
      backoff: [1],
    });
    const wait = client.resolve(`${registry.host}/none:1`, anonymous, quietScope);
    await expect(wait).rejects.toThrow(/http: server gave HTTP response to HTTPS client$/);
  });
});
