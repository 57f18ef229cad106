/** Bills of materials by a scanner that is made of busybox, in images, folders and tars; other tools take such images. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { buildDefinition, scratch } from "../src/llb/index.ts";
import { hostPlatform } from "../src/oci/index.ts";
import { busyboxImage, imageOf } from "./support/base-image.ts";
import { bundled } from "./support/bundle.ts";
import type { Json } from "./support/lab.ts";
import { useLab } from "./support/use-lab.ts";

/** Tells what it was given to scan, and what it was told beside. */
const scanner = `
list() { (cd $1 && find . -type f | sort | tr '\\n' ' '); }
core=$(list $BUILDKIT_SCAN_SOURCE)
for extra in $(ls \${BUILDKIT_SCAN_SOURCE_EXTRAS:-/none} 2>/dev/null); do
  extras="$extras$extra: $(list $BUILDKIT_SCAN_SOURCE_EXTRAS/$extra)"
done
touch /run/src/core/sbom/x 2>/dev/null && core="$core written to"
cat > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json <<END
{"predicateType": "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT",
  "name": "$BUILDKIT_SCAN_NOTE", "comment": "$core| $extras", "files": [{"fileName": "/a.txt"}]}}
END
`;

const here = useLab();
let generator = "";
beforeAll(async () => {
  const layer = gunzipSync(busyboxImage().blobs[1] ?? Buffer.alloc(0));
  await here.registry.push(imageOf([layer], { Cmd: ["/bin/sh", "-c", scanner] }), "scanner", "v1");
  generator = `${here.registry.host}/scanner:v1`;
});
beforeEach(() => {
  here.lab.write({
    Dockerfile: `FROM busybox AS build
ARG BUILDKIT_SBOM_SCAN_STAGE
RUN mkdir /out && echo made > /out/made
FROM scratch
ARG BUILDKIT_SBOM_SCAN_CONTEXT
COPY a.txt /
COPY --from=build /out /
`,
    "a.txt": "a\n",
    "unused.txt": "",
  });
});
async function build(output: string, ...args: string[]): Promise<string> {
  const { code, log } = await here.lab.run([...args, "--output", output]);
  expect(code, log).toBe(0);
  return log;
}
const sbom = (more = "") => ["--opt", `attest:sbom=generator=${generator}${more}`];

test("a scanner sees the result, and the image that is pushed has its statement", async () => {
  const name = `${here.registry.host}/scanned:v1`;
  const log = await build(`type=image,name=${name},push=true`, ...sbom(",NOTE=told"));
  expect(log).toContain(`[linux/${process.arch === "arm64" ? "arm64" : "amd64"}] generating sbom using ${generator}`);
  const raw = (what: string): Json =>
    JSON.parse(
      execFileSync("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${what}`], { encoding: "utf8" }),
    );
  const [image, attested] = raw(name).manifests;
  expect(attested.annotations["vnd.docker.reference.digest"]).toBe(image.digest);
  const repository = `${here.registry.host}/scanned`;
  const [statement] = raw(`${repository}@${attested.digest}`).layers;
  const blob: Json = await (await fetch(`http://${here.registry.host}/v2/scanned/blobs/${statement.digest}`)).json();
  expect(blob).toMatchObject({
    predicateType: "https://spdx.dev/Document",
    subject: [{ digest: { sha256: image.digest.slice("sha256:".length) } }],
    predicate: { name: "told", comment: "./a.txt ./made | " },
  });
  const [layer] = raw(`${repository}@${image.digest}`).layers;
  expect(blob.predicate.files[0].comment).toBe(`layerID: ${layer.digest}`);
  const copy = spawnSync(
    "skopeo",
    ["copy", "--all", "--src-tls-verify=false", `docker://${name}`, `oci:${join(here.lab.folder, "copy")}`],
    { encoding: "utf8" },
  );
  expect(copy.stderr).toBe("");
});

test("stages and the context are scanned where the Dockerfile's arguments ask for it", async () => {
  const out = join(here.lab.folder, "out");
  const asked = [
    "--opt",
    "build-arg:BUILDKIT_SBOM_SCAN_STAGE=build",
    "--opt",
    "build-arg:BUILDKIT_SBOM_SCAN_CONTEXT=true",
  ];
  await build(`type=local,dest=${out}`, ...sbom(), ...asked);
  const { predicate } = JSON.parse(here.lab.read(join(out, "sbom.spdx.json")));
  expect(predicate.comment).toMatch(
    /^\.\/a\.txt \.\/made \| sbom-build: .*\.\/bin\/busybox .*\.\/out\/made sbom-context: \.\/a\.txt $/,
  );
  expect(here.lab.read(join(out, "a.txt"))).toBe("a\n");
});

test("a second build has the scanner's statement in the cache", async () => {
  const { index } = await here.lab.image(sbom());
  const again = await here.lab.image(sbom());
  expect(again.log).toMatch(/generating sbom using .*\n#\d+ CACHED/);
  expect(index.manifests[1].digest).toBeDefined();
  expect(again.index).toEqual(index);
});

test("docker's archive of such an image is a layout, which skopeo reads", async () => {
  const archive = join(here.lab.folder, "image.tar");
  await build(`type=docker,dest=${archive}`, ...sbom());
  const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" });
  expect(names).not.toContain("manifest.json");
  const seen = execFileSync("skopeo", ["inspect", "--raw", `oci-archive:${archive}`], { encoding: "utf8" });
  expect(JSON.parse(seen).manifests).toHaveLength(2);
});

test("a definition without a frontend is scanned, too", async () => {
  const made = scratch().file([
    { kind: "mkfile", path: "/made", mode: 0o644, data: Buffer.from("made"), timestamp: undefined },
  ]);
  const out = join(here.lab.folder, "out");
  const flags = `--root ${here.lab.root} --config ${join(here.lab.folder, "buildkitd.toml")}`;
  const build = promisify(execFile)(
    process.execPath,
    [bundled("buildctl-daemonless"), "build", "--progress=plain", ...sbom(), "--output", `type=local,dest=${out}`],
    { env: { ...process.env, BUILDKITD_FLAGS: flags, DOCKER_CONFIG: here.lab.folder, NODE_OPTIONS: "" } },
  );
  build.child.stdin?.end(buildDefinition(made, { platform: hostPlatform() }).bytes);
  await build;
  const { subject, predicate } = JSON.parse(here.lab.read(join(out, "sbom.spdx.json")));
  expect(subject.map(({ name }: Json) => name)).toEqual(["made"]);
  expect(predicate.comment).toBe("./made | ");
});

test.each([
  [
    "a scanner that is not there",
    "generator=missing/scanner",
    /failed to resolve source metadata for docker\.io\/missing\/scanner:latest: .*not found/,
  ],
  ["no scanner", "generator=", /sbom generator cannot be empty/],
  [
    "an image that runs nothing",
    "generator=nothing-to-run:v1",
    /scanner docker\.io\/library\/nothing-to-run:v1 does not have cmd/,
  ],
])("a build with %s fails in upstream's words", async (_, attributes, sentence) => {
  await here.registry.push(imageOf([]), "library/nothing-to-run", "v1");
  const { code, log } = await here.lab.run(["--opt", `attest:sbom=${attributes}`]);
  expect(code).toBe(1);
  expect(log).toMatch(sentence);
});
