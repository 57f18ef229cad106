import { expect, it } from "vitest";
import { sha256 } from "../kit/index.ts";
import { CaptureBuilder } from "./capture-builder.ts";
import { materials } from "./materials.ts";

const digest = sha256("image");
const hex = digest.slice("sha256:".length);
const platform = { os: "linux", architecture: "amd64" };

it("an image that was named by its tag is not told once more by its digest", () => {
  const capture = new CaptureBuilder();
  capture.image({ ref: `docker.io/library/busybox:latest@${digest}`, platform, digest, local: false });
  capture.image({ ref: "docker.io/library/busybox:latest", platform, digest, local: false });
  capture.image({ ref: "docker.io/library/busybox:latest", platform, digest, local: false });
  capture.image({ ref: `docker.io/library/alpine@${digest}`, digest, local: false });
  expect(materials(capture.finish().sources)).toEqual([
    { uri: `pkg:docker/alpine?digest=sha256:${hex}`, digest: { sha256: hex } },
    { uri: "pkg:docker/busybox@latest?platform=linux%2Famd64", digest: { sha256: hex } },
  ]);
});

it("sources come sorted and without credentials, a bundle beside its commit", () => {
  const capture = new CaptureBuilder();
  const commit = "c".repeat(64);
  capture.http({ url: "https://u:p@host.example/z", digest });
  capture.http({ url: "https://host.example/a", digest });
  capture.git({ url: "https://u@host.example/r.git#v1", commit, bundle: `oci-layout+blob://local/store@${digest}` });
  capture.blob({ ref: `registry.example/blobs@${digest}`, digest, local: false });
  capture.image({ ref: "local/base:1", digest, local: true });
  expect(materials(capture.finish().sources).map(({ uri }) => uri)).toEqual([
    "pkg:oci/local/base@1",
    `pkg:docker/registry.example/blobs?digest=sha256:${hex}&ref_type=blob`,
    "https://xxxxx@host.example/r.git#v1",
    "pkg:oci/local/store@latest?ref_type=bundle&vcs_url=https:%2F%2Fxxxxx@host.example%2Fr.git%23v1",
    "https://host.example/a",
    "https://xxxxx:xxxxx@host.example/z",
  ]);
});

it("a secret that some step requires is required", () => {
  const capture = new CaptureBuilder();
  for (const optional of [true, false, true]) capture.secret({ id: "s", optional });
  capture.ssh({ id: "", optional: true });
  const { secrets, ssh } = capture.finish();
  expect({ secrets, ssh }).toEqual({
    secrets: [{ id: "s", optional: false }],
    ssh: [{ id: "default", optional: true }],
  });
});
