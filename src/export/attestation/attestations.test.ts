import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, sha256 } from "../../kit/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { Attestation, ExportNeeds, ExportSource, ExportTree } from "../contract.ts";
import { createExporter } from "../index.ts";
import { collectingScope, collectingTarget } from "../testing/collecting-scope.ts";
import { snapshot, withStorage } from "../testing/real-tree.ts";

const config = '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":null}}';
const needs: ExportNeeds = {
  fetchLayer: async () => {
    throw new Error("nothing to fetch here");
  },
  materialise: async ({ layers }) => {
    const top = layers.at(-1);
    return top?.kind === "snapshot" ? top.id : undefined;
  },
};

type Json = Record<string, unknown>;
interface World {
  readonly storage: Storage;
  readonly folder: string;
  /** A tree with what `write` puts into it. */
  tree(write: (folder: string) => void): Promise<ExportTree>;
}

async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  await withStorage(async (storage, folder) => {
    const tree = async (write: (folder: string) => void): Promise<ExportTree> => {
      const id = await snapshot(storage, undefined, write);
      return { layers: [{ kind: "snapshot", id, createdBy: "", createdAt: new Date(0) }] };
    };
    await work({ storage, folder, tree });
  });
}

/** A result for one platform; with `several` returned by platform. */
function sourceOf(tree: ExportTree, attestations: readonly Attestation[], several = false): ExportSource {
  const platforms = { Platforms: [{ ID: "linux/amd64", Platform: { architecture: "amd64", os: "linux" } }] };
  return {
    images: [{ tree, ...(several && { platform: { os: "linux", architecture: "amd64" } }) }],
    metadata: new Map([
      ["containerimage.config", Buffer.from(config)],
      ["refs.platforms", Buffer.from(JSON.stringify(platforms))],
    ]),
    attestations: new Map([["linux/amd64", attestations]]),
  };
}

async function exporterOf(type: string, attrs: Record<string, string>, { storage }: World) {
  // Nothing here goes to a registry.
  const registry = {} as RegistryClient;
  return createExporter(type, attrs, { storage, registry, needs, credentials: async () => ({ kind: "none" }) });
}

/** Exports as `type=oci` and reads the index back, with the manifest of attestations and its statements. */
async function toOci(attrs: Record<string, string>, source: ExportSource, world: World) {
  const scope = collectingScope();
  const { target } = collectingTarget();
  const response = await (await exporterOf("oci", attrs, world)).export(source, target, scope);
  const blob = async (digest: string) => {
    const path = await world.storage.blobs.path(digest as `sha256:${string}`);
    return JSON.parse(readFileSync(path, "utf8")) as Json;
  };
  const root = await blob(response["containerimage.digest"] ?? "");
  const [image, attested] = (root.manifests ?? []) as { digest: string }[];
  const manifest = attested && (await blob(attested.digest));
  const layers = (manifest?.layers ?? []) as { digest: string }[];
  const statements = await Promise.all(layers.map(({ digest }) => blob(digest)));
  const config = manifest && (await blob((manifest.config as { digest: string }).digest));
  return { root, image, attested, manifest, config, statements, tasks: scope.tasks };
}

async function toFolder(attrs: Record<string, string>, source: ExportSource, world: World): Promise<string> {
  const path = `${world.folder}/out`;
  const exporter = await exporterOf("local", attrs, world);
  await exporter.export(source, { kind: "directory", path }, collectingScope());
  return path;
}

const given = (text: string, more: Partial<Attestation> = {}): Attestation => ({
  kind: "in-toto",
  predicateType: "https://example.com/v1",
  subjects: [],
  path: "statement.json",
  body: { kind: "bytes", bytes: Buffer.from(text) },
  ...more,
});
const hello = (folder: string) => writeFileSync(`${folder}/greeting`, "hello");

describe("statements about an image", () => {
  test("are an artifact in its index, named by the image's names", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(await world.tree(hello), [given('{"b": 1, "a": 2}')]);
      const {
        root,
        image,
        attested,
        manifest,
        config: empty,
        statements,
        tasks,
      } = await toOci({ name: "example.com/app:v1,other" }, source, world);
      expect(root.manifests).toHaveLength(2);
      expect(attested).toMatchObject({
        annotations: {
          "vnd.docker.reference.digest": image?.digest,
          "vnd.docker.reference.type": "attestation-manifest",
        },
        platform: { architecture: "unknown", os: "unknown" },
      });
      expect(manifest).toMatchObject({
        artifactType: "application/vnd.docker.attestation.manifest.v1+json",
        subject: { digest: image?.digest },
        config: { mediaType: "application/vnd.oci.empty.v1+json", data: "e30=" },
        layers: [
          {
            mediaType: "application/vnd.in-toto+json",
            annotations: { "in-toto.io/predicate-type": "https://example.com/v1" },
          },
        ],
      });
      expect(empty).toEqual({});
      const digest = { sha256: image?.digest.slice("sha256:".length) };
      expect(JSON.stringify(statements[0])).toBe(
        JSON.stringify({
          _type: "https://in-toto.io/Statement/v1",
          predicateType: "https://example.com/v1",
          subject: [
            { name: "pkg:docker/example.com/app@v1?platform=linux%2Famd64", digest },
            { name: "pkg:docker/other@latest?platform=linux%2Famd64", digest },
          ],
          predicate: { b: 1, a: 2 },
        }),
      );
      expect(tasks).toContain(`exporting attestation manifest ${attested?.digest}`);
    });
  });

  test("look like an image with oci-artifact=false", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(await world.tree(hello), [given("1")]);
      const { manifest, config: imageLike } = await toOci({ "oci-artifact": "false" }, source, world);
      expect(manifest).not.toHaveProperty("artifactType");
      expect(manifest).not.toHaveProperty("subject");
      const [layer] = (manifest?.layers ?? []) as { digest: string }[];
      expect(JSON.stringify(imageLike)).toBe(
        `{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":["${layer?.digest}"]}}`,
      );
    });
  });

  test("name other subjects, and the image under further names", async () => {
    await withWorld(async (world) => {
      const subjects = [
        { kind: "self", name: "me", digests: [] },
        { kind: "raw", name: "", digests: ["sha1:abc", "sha256:def"] },
      ] as const;
      const source = sourceOf(await world.tree(hello), [given("", { subjects })]);
      const { statements } = await toOci({ name: "app" }, source, world);
      const found = statements[0]?.subject as { name: string; digest: Json }[];
      expect(found.map(({ name }) => name)).toEqual(["pkg:docker/app@latest?platform=linux%2Famd64", "me", "_"]);
      expect(found[2]?.digest).toEqual({ sha1: "abc", sha256: "def" });
      expect(statements[0]?.predicate).toBeNull();
    });
  });

  test("that are for images only are no reason for an index, unless the exporter says so", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(await world.tree(hello), [given("{}", { inlineOnly: true })]);
      expect((await toOci({}, source, world)).root).not.toHaveProperty("manifests");
      expect((await toOci({ "attestation-inline": "true" }, source, world)).statements).toHaveLength(1);
      const byPlatform = { ...source, images: source.images.map((one) => ({ ...one, platform: amd64 })) };
      expect((await toOci({}, byPlatform, world)).statements).toHaveLength(1);
      const image = await exporterOf("image", {}, world);
      const response = await image.export(source, { kind: "none" }, collectingScope());
      expect(response).not.toHaveProperty("containerimage.config.digest");
    });
  });

  test("need OCI's media types", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(await world.tree(hello), [given("{}")]);
      const attempt = toOci({ "oci-mediatypes": "false" }, source, world);
      await expect(attempt).rejects.toThrow('cannot export attestations with "oci-mediatypes=false"');
    });
  });
});
const amd64 = { os: "linux", architecture: "amd64" };

const bundle = (tree: ExportTree, more: Partial<Attestation> = {}): Attestation =>
  given("", { kind: "bundle", predicateType: "", path: "", body: { kind: "tree", tree }, ...more });

describe("a bundle", () => {
  const statement = (name: string) =>
    JSON.stringify({ predicateType: "https://spdx.dev/Document", subject: [], predicate: { name } });

  test("is unpacked, what describes the image itself first", async () => {
    await withWorld(async (world) => {
      const files = await world.tree((folder) => {
        mkdirSync(`${folder}/out`);
        for (const name of ["a-b", "sbom-x.json", "sbom.spdx.json"]) {
          writeFileSync(`${folder}/out/${name}`, statement(name));
        }
      });
      const plain = await world.tree((folder) => writeFileSync(`${folder}/sbom.spdx.json`, statement("core")));
      const source = sourceOf(await world.tree(hello), [
        bundle(files, { path: "/out" }),
        bundle(plain, { sbomCore: "sbom" }),
      ]);
      const { statements } = await toOci({}, source, world);
      expect(statements.map(({ predicate }) => (predicate as Json).name)).toEqual([
        "core",
        "a-b",
        "sbom-x.json",
        "sbom.spdx.json",
      ]);
    });
  });

  test.each([
    [
      "a file of another type",
      { predicateType: "x" },
      "bundle entry https://spdx.dev/Document does not match required predicate type x",
    ],
    ["a folder that is missing", { path: "/none" }, "open /none: no such file or directory"],
  ])("is refused with %s", async (_, more, sentence) => {
    await withWorld(async (world) => {
      const files = await world.tree((folder) => writeFileSync(`${folder}/a`, statement("a")));
      const source = sourceOf(files, [bundle(files, more)]);
      await expect(toOci({}, source, world)).rejects.toThrow(sentence);
    });
  });

  test.each([
    ["nothing that can be read", "[]", "cannot decode in-toto statement: "],
    ["two documents in one file", "{}{}", "in-toto statement is not a single JSON object"],
    [
      "provenance, which is the builder's",
      '{"predicateType":"https://slsa.dev/provenance/v1"}',
      "frontend may not bundle provenance attestations",
    ],
  ])("is refused with %s", async (_, text, sentence) => {
    await withWorld(async (world) => {
      const files = await world.tree((folder) => writeFileSync(`${folder}/a`, text));
      await expect(toOci({}, sourceOf(files, [bundle(files)]), world)).rejects.toThrow(sentence);
    });
  });

  test("cannot lead out of its tree", async () => {
    await withWorld(async (world) => {
      const files = await world.tree((folder) => symlinkSync("/etc/passwd", `${folder}/a`));
      const attempt = toOci({}, sourceOf(files, [bundle(files)]), world);
      await expect(attempt).rejects.toThrow("open a: no such file or directory");
    });
  });
});

test.each([
  [given("", { path: "" }), "attestation does not have set path"],
  [
    { kind: "in-toto", predicateType: "", subjects: [], path: "a" } as Attestation,
    "attestation does not have available content",
  ],
  [given("", { kind: "bundle" }), "attestation bundle cannot have callback"],
  [given("{"), "failed to marshal attestation: "],
])("an attestation that cannot be is refused in upstream's words: %#", async (attestation, sentence) => {
  await withWorld(async (world) => {
    await expect(toOci({}, sourceOf({ layers: [] }, [attestation]), world)).rejects.toThrow(sentence);
  });
});

test("a frontend cannot attest provenance, and cannot give what is no file", async () => {
  await withWorld(async (world) => {
    const tree = await world.tree((folder) => mkdirSync(`${folder}/statement.json`));
    const body = { kind: "tree", tree } as const;
    const own = sourceOf(tree, [given("", { body, predicateType: "https://slsa.dev/provenance/v1" })]);
    await expect(toOci({}, own, world)).rejects.toThrow("frontend may not set provenance attestations");
    const attempt = toOci({}, sourceOf(tree, [given("", { body })]), world);
    await expect(attempt).rejects.toThrow("cannot read in-toto attestation: statement.json is not a regular file");
  });
});

describe("statements beside files", () => {
  test("are about the files, and have the exporter's prefix", async () => {
    await withWorld(async (world) => {
      const tree = await world.tree((folder) => {
        hello(folder);
        mkdirSync(`${folder}/d`);
        writeFileSync(`${folder}/d/e`, "");
      });
      const source = sourceOf(tree, [
        given('{"x":[]}', { path: "/x/statement.json" }),
        given("", { inlineOnly: true }),
      ]);
      const out = await toFolder({ "attestation-prefix": "test." }, source, world);
      const text = readFileSync(`${out}/test.statement.json`, "utf8");
      const subject = [
        { name: "d/e", digest: { sha256: sha256("").slice(7) } },
        { name: "greeting", digest: { sha256: sha256("hello").slice(7) } },
      ];
      const predicate = { x: [] };
      const whole = {
        _type: "https://in-toto.io/Statement/v1",
        predicateType: "https://example.com/v1",
        subject,
        predicate,
      };
      expect(text).toBe(JSON.stringify(whole, undefined, 2));
      expect(readFileSync(`${out}/greeting`, "utf8")).toBe("hello");
    });
  });

  test("say their platform when all platforms have one folder", async () => {
    await withWorld(async (world) => {
      const source = sourceOf(await world.tree(hello), [given("{}")], true);
      const together = await toFolder({ "platform-split": "false" }, source, world);
      readFileSync(`${together}/statement.linux_amd64.json`);
      const apart = await toFolder({}, source, world);
      readFileSync(`${apart}/linux_amd64/statement.json`);
    });
  });

  test("cannot be two of one name, nor lead out of the folder", async () => {
    await withWorld(async (world) => {
      const tree = await world.tree(hello);
      const twice = sourceOf(tree, [given("{}"), given("{}", { path: "/other/statement.json" })]);
      await expect(toFolder({}, twice, world)).rejects.toThrow("duplicate attestation path name statement.json");
      const out = toFolder({ "attestation-prefix": "../../" }, sourceOf(tree, [given("{}")]), world);
      await expect(out).rejects.toThrow("invalid attestation path name ../../statement.json");
    });
  });

  test("take the place of a file of their name, and stand in a tar where their name belongs", async () => {
    await withWorld(async (world) => {
      const tree = await world.tree((folder) => {
        for (const name of ["a", "statement.json", "z"]) writeFileSync(`${folder}/${name}`, "");
      });
      const source = sourceOf(tree, [given("{}")]);
      const out = await toFolder({}, source, world);
      expect(readFileSync(`${out}/statement.json`, "utf8")).toContain("in-toto.io");
      const { target, sent } = collectingTarget();
      const exporter = await exporterOf("tar", { "source-date-epoch": "7" }, world);
      await exporter.export(source, target, collectingScope());
      const { readTar } = await import("../../archive/index.ts");
      const entries: unknown[] = [];
      for await (const { header, body } of readTar(bytesOf(sent[0]?.bytes ?? Buffer.alloc(0)))) {
        entries.push([header.name, header.mode, header.mtime, (await collect(body(), 1e6)).length > 0]);
      }
      expect(entries).toEqual([
        ["a", 0o644, 7_000_000_000n, false],
        ["statement.json", 0o600, 7_000_000_000n, true],
        ["z", 0o644, 7_000_000_000n, false],
      ]);
    });
  });
});

test("a bill of materials says in an image which layer its files are from", async () => {
  await withWorld(async (world) => {
    const base = await snapshot(world.storage, undefined, (folder) => writeFileSync(`${folder}/low`, "l"));
    const top = await snapshot(world.storage, base, (folder) => writeFileSync(`${folder}/high`, "h"));
    const layers = [base, top].map((id) => ({ kind: "snapshot", id, createdBy: "", createdAt: new Date(0) }) as const);
    const files = [
      { own: 1, SPDXID: "SPDXRef-f", fileName: "/low" },
      { fileName: "high" },
      { fileName: "/gone" },
      { fileName: "/low", comment: "own" },
    ];
    const document = {
      packages: [{ name: "p", files }],
      name: "n",
      spdxVersion: "SPDX-2.3",
      SPDXID: "SPDXRef-DOCUMENT",
    };
    const sbom = given(JSON.stringify(document), {
      predicateType: "https://spdx.dev/Document",
      path: "/sbom.spdx.json",
      sbomCore: "sbom",
    });
    const other = { ...sbom, path: "/sbom-stage.spdx.json" };
    const { image, statements } = await toOci({}, sourceOf({ layers }, [sbom, other]), world);
    const manifest = readFileSync(await world.storage.blobs.path(image?.digest as `sha256:${string}`), "utf8");
    const [low, high] = (JSON.parse(manifest).layers as { digest: string }[]).map(({ digest }) => `layerID: ${digest}`);
    const predicate = statements[0]?.predicate as Json & { packages: { files: Json[] }[] };
    expect(predicate.packages[0]?.files.map(({ comment }) => comment)).toEqual([low, high, undefined, "own"]);
    expect(Object.keys(predicate).slice(0, 6)).toEqual([
      ...["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"],
    ]);
    expect(predicate.creationInfo).toEqual({ creators: [expect.stringMatching(/^Tool: buildkit-v/)], created: "" });
    expect(Object.keys(predicate.packages[0]?.files[0] ?? {})).toEqual(["fileName", "SPDXID", "comment", "own"]);
    expect(statements[1]?.predicate).toEqual(document);
  });
});
