import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json } from "./support/lab.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();

/** Two stages, of which only the second one's layers are in the image; the seed makes it another build every time. */
const dockerfile = `
FROM busybox AS build
COPY a.txt /in/
RUN head -c 8 /dev/urandom | od -An -tx1 > /random && cat /in/a.txt > /built
FROM busybox
COPY --from=build /built /random /out/
RUN cat /out/built > /final
`;

/** The same machine without its cache: everything that is found then comes from elsewhere. */
function forget(): void {
  rmSync(here.lab.root, { recursive: true, force: true });
}

/**
 * The steps that were found, but for the one whose tree is read: it has more to tell than CACHED, unless it was told before its layers
 * began to come.
 */
function cachedSteps(log: string, read = "[stage-1 3/3] RUN cat /out/built > /final"): string[] {
  const names = new Map([...log.matchAll(/^#(\d+) (\[.*)$/gm)].map(([, number, name]) => [number, name]));
  return [...log.matchAll(/^#(\d+) CACHED$/gm)]
    .map(([, number]) => String(names.get(number)).replace(/@sha256:\S+/, ""))
    .filter((name) => name !== read);
}

const steps = [
  "[build 2/3] COPY a.txt /in/",
  "[build 3/3] RUN head -c 8 /dev/urandom | od -An -tx1 > /random && cat /in/a.txt > /built",
  "[stage-1 2/3] COPY --from=build /built /random /out/",
];

describe("a cache in a registry", () => {
  test("mode=max brings every step to a machine that has nothing", async () => {
    const cache = `type=registry,ref=${here.registry.host}/cache/max`;
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
    const first = await here.lab.build(["--export-cache", `${cache},mode=max`]);
    const random = readFileSync(join(first.out, "out/random"), "utf8");
    expect(first.log).toMatch(/^#\d+ exporting cache to registry$/m);
    expect(first.log).toMatch(/^#\d+ writing cache image manifest sha256:\S+ .*done$/m);
    forget();
    const second = await here.lab.build(["--import-cache", cache]);
    expect(cachedSteps(second.log)).toEqual(steps);
    expect(second.log).toMatch(
      /^#\d+ inferred cache manifest type: application\/vnd.oci.image.manifest.v1\+json .*done$/m,
    );
    expect(readFileSync(join(second.out, "out/random"), "utf8")).toBe(random);
    forget();
    here.lab.write({ Dockerfile: dockerfile.replace("> /final", "> /final && echo more") });
    const third = await here.lab.build(["--import-cache", cache]);
    expect(readFileSync(join(third.out, "out/random"), "utf8")).toBe(random);
    expect(cachedSteps(third.log, steps[2])).toEqual(steps.slice(0, 2));
  });

  test("mode=min has only what the image has", async () => {
    const cache = `type=registry,ref=${here.registry.host}/cache/min`;
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
    // Values that upstream passes over.
    const { out } = await here.lab.build(["--export-cache", `${cache},mode=sometimes,ignore-error=perhaps`]);
    forget();
    const again = await here.lab.build(["--import-cache", cache]);
    expect(readFileSync(join(again.out, "out/random"), "utf8")).toBe(readFileSync(join(out, "out/random"), "utf8"));
    forget();
    here.lab.write({ "a.txt": "other\n" });
    const other = await here.lab.build(["--import-cache", cache]);
    expect(cachedSteps(other.log)).toEqual([]);
    expect(readFileSync(join(other.out, "final"), "utf8")).toBe("other\n");
  });

  test("is what upstream writes: an image manifest, or an index, with a config of its own type", async () => {
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
    const forms = {
      "": "image.manifest",
      ",image-manifest=false": "image.index",
      ",oci-mediatypes=false": "manifest.list",
    };
    for (const [more, type] of Object.entries(forms)) {
      const name = `cache/form${more.length}`;
      await here.lab.build([
        "--export-cache",
        `type=registry,ref=${here.registry.host}/${name},mode=max,compression=zstd${more}`,
      ]);
      const accept =
        "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";
      const answer = await fetch(`http://${here.registry.host}/v2/${name}/manifests/latest`, { headers: { accept } });
      expect(answer.headers.get("content-type")).toContain(type);
      const text = await answer.text();
      expect(text).toMatch(/^\{"schemaVersion":2,"mediaType":"application\/vnd[^\n]*\}$/);
      const manifest: Json = JSON.parse(text);
      const parts = manifest.layers === undefined ? manifest.manifests : [...manifest.layers, manifest.config];
      expect(parts.at(-1).mediaType).toBe("application/vnd.buildkit.cacheconfig.v0");
      expect(parts[0].annotations["containerd.io/uncompressed"]).toMatch(/^sha256:/);
      forget();
      const again = await here.lab.build(["--import-cache", `type=registry,ref=${here.registry.host}/${name}`]);
      expect(cachedSteps(again.log)).toEqual(steps);
    }
  });

  test("one that is not there is told, and the build goes on; one that cannot be written ends it, unless errors are ignored", async () => {
    here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
    const nowhere = "type=registry,ref=127.0.0.1:1/nowhere,registry.insecure=true";
    const { log } = await here.lab.build(["--import-cache", nowhere, "--export-cache", `${nowhere},ignore-error=true`]);
    expect(log).toContain("importing cache manifest from 127.0.0.1:1/nowhere");
    const failed = await here.lab.run(["--export-cache", nowhere]);
    expect(failed.code).toBe(1);
    expect(failed.log).toContain("exporting cache to registry");
  });
});

test("a cache in a folder", async () => {
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
  const folder = join(here.lab.folder, "cache");
  const { out } = await here.lab.build(["--export-cache", `type=local,dest=${folder},mode=max`]);
  const index: Json = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  expect(index.manifests[0].annotations).toEqual({ "org.opencontainers.image.ref.name": "latest" });
  forget();
  const again = await here.lab.build(["--import-cache", `type=local,src=${folder}`]);
  expect(cachedSteps(again.log)).toEqual(steps);
  expect(readFileSync(join(again.out, "out/random"), "utf8")).toBe(readFileSync(join(out, "out/random"), "utf8"));
  const none = await here.lab.build(["--import-cache", `type=local,src=${join(here.lab.folder, "none")}`]);
  expect(none.log).toContain("local cache import at");
  expect(existsSync(join(here.lab.folder, "none"))).toBe(false);
});

test("an image that brings its own cache along", async () => {
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
  const name = `${here.registry.host}/cache/inline:1`;
  const first = await here.lab.run(["--output", `type=image,name=${name},push=true`, "--export-cache", "type=inline"]);
  expect([first.code, first.log]).toEqual([0, expect.stringContaining("pushing manifest")]);
  forget();
  const { log } = await here.lab.build(["--import-cache", `type=registry,ref=${name}`]);
  expect(cachedSteps(log)).toEqual(steps);
});

test("an image of two platforms that brings its own cache along is the same image again", async () => {
  here.lab.write({
    Dockerfile: `
FROM --platform=$BUILDPLATFORM busybox AS build
ARG TARGETARCH
RUN echo $TARGETARCH > /arch && head -c 8 /dev/urandom > /random
FROM scratch
COPY --from=build /arch /random /
`,
  });
  const name = `${here.registry.host}/cache/platforms:1`;
  const output = ["--output", `type=image,name=${name},push=true`, "--opt", "platform=linux/amd64,linux/arm64"];
  const digestIn = (log: string) => /pushing manifest for \S+@(sha256:\w+)/.exec(log)?.[1];
  const first = await here.lab.run([...output, "--export-cache", "type=inline"]);
  forget();
  const imported = ["--import-cache", `type=registry,ref=${name}`];
  const second = await here.lab.run([...output, "--export-cache", "type=inline", ...imported]);
  expect(digestIn(first.log)).toMatch(/^sha256:/);
  expect(digestIn(second.log)).toBe(digestIn(first.log));
});
