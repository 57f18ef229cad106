import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { bundled } from "./support/bundle.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();
const form = "compression=estargz,force-compression=true";
const tocDigest = "containerd.io/snapshot/stargz/toc.digest";
const tarSize = "io.containers.estargz.uncompressed-size";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const dockerfile = `
FROM busybox
COPY a.txt /in/
RUN head -c 8 /dev/urandom | od -An -tx1 > /random && ln /in/a.txt /hard && rm /bin/vi
`;

beforeAll(() => {
  bundled("buildctl-daemonless");
});
beforeEach(() => {
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
});

/** Of an image that was pushed. */
async function layersOf(name: string): Promise<{ layers: Descriptor[]; diffIds: string[] }> {
  const base = `http://${here.registry.host}/v2/${name}`;
  const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
  const read = async (path: string) => JSON.parse(await (await fetch(`${base}/${path}`, { headers })).text());
  const manifest = await read("manifests/latest");
  const config = await read(`blobs/${manifest.config.digest}`);
  return { layers: manifest.layers, diffIds: config.rootfs.diff_ids };
}

test("layers say where their table is, and an image on top of them is built and says it again", async () => {
  const { host } = here.registry;
  await here.lab.push(`${host}/estargz/base`, []);
  const plain = await layersOf("estargz/base");
  const options = ["--output", `type=image,name=${host}/estargz/lazy,push=true,registry.insecure=true,${form}`];
  expect((await here.lab.run(options)).code).toBe(0);
  const { layers, diffIds } = await layersOf("estargz/lazy");
  for (const { mediaType, annotations } of layers) {
    expect(mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
    expect(annotations).toEqual({
      [tocDigest]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      [tarSize]: expect.stringMatching(/^\d+$/),
    });
  }
  rmSync(here.lab.root, { recursive: true });
  here.lab.write({ Dockerfile: `FROM ${host}/estargz/lazy\nRUN cat /hard /random > /both && test ! -e /bin/vi\n` });
  await here.lab.push(`${host}/estargz/top`, []);
  const top = await layersOf("estargz/top");
  expect(top.layers.slice(0, -1)).toEqual(layers);
  expect(top.diffIds.slice(0, -1)).toEqual(diffIds);
  // Made into plain gzip, it is what it was at first.
  const again = `type=image,name=${host}/estargz/plain,push=true,registry.insecure=true,compression=gzip,force-compression=true`;
  expect((await here.lab.run(["--output", again])).code).toBe(0);
  const converted = await layersOf("estargz/plain");
  expect(converted.diffIds.slice(0, -1)).toEqual(plain.diffIds);
  expect(converted.layers.every(({ annotations }) => annotations === undefined)).toBe(true);
});

test("other tools take such an image", async () => {
  const layout = mkdtempSync(join(here.lab.folder, "layout-"));
  const { code, log } = await here.lab.run(["--output", `type=oci,name=x:1,dest=${layout}.tar,${form}`]);
  expect(code, log).toBe(0);
  // Verifies every digest on its way; umoci every diff id.
  execFileSync("skopeo", ["copy", "-q", `oci-archive:${layout}.tar`, `oci:${layout}:copy`]);
  execFileSync("umoci", ["unpack", "--image", `${layout}:copy`, `${layout}-bundle`], { stdio: "ignore" });
  expect(readFileSync(`${layout}-bundle/rootfs/hard`, "utf8")).toBe("hello\n");
});

test("a cache of such layers brings every step to a machine that has nothing", async () => {
  const ref = `type=registry,ref=${here.registry.host}/estargz/cache:latest,registry.insecure=true`;
  const first = await here.lab.build(["--export-cache", `${ref},mode=max,${form}`]);
  const random = readFileSync(join(first.out, "random"), "utf8");
  rmSync(here.lab.root, { recursive: true });
  const second = await here.lab.build(["--import-cache", ref]);
  expect(readFileSync(join(second.out, "random"), "utf8")).toBe(random);
});
