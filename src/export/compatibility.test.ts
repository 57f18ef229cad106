import { expect, test } from "vitest";
import { planImage } from "./commit-plan.ts";
import { checkCompatibility } from "./compatibility.ts";
import type { Attestation, ExportSource } from "./contract.ts";
import { readImageAttributes } from "./image-attributes.ts";

function formOf(
  compatibilityVersion: number | undefined,
  exporter: "image" | "oci" | "docker",
  attrs = {},
  attested = false,
) {
  const attestations = new Map<string, readonly Attestation[]>(attested ? [["linux/amd64", []]] : []);
  const config = Buffer.from(
    JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }),
  );
  const source: ExportSource = {
    images: [{ tree: undefined as never }],
    metadata: new Map([["containerimage.config", config]]),
    attestations,
    ...(compatibilityVersion !== undefined && { compatibilityVersion }),
  };
  const { oci, artifact } = planImage(source, readImageAttributes(attrs, exporter));
  return `${oci ? "oci" : "docker"} ${artifact ? "artifact" : "image"}`;
}

test.each([
  ["image", undefined, {}, false, "oci artifact"],
  ["docker", 30, {}, false, "oci artifact"],
  ["image", 30, { "oci-mediatypes": "false" }, false, "docker image"],
  ["image", 20, {}, false, "docker image"],
  ["docker", 10, {}, false, "docker image"],
  ["oci", 10, {}, false, "oci image"],
  ["image", 20, {}, true, "oci image"],
  ["image", 20, { "oci-mediatypes": "true", "oci-artifact": "true" }, false, "oci artifact"],
] as const)("%s of version %s with %j, attested: %s, has the form %s", (exporter, version, attrs, attested, form) => {
  expect(formOf(version, exporter, attrs, attested)).toBe(form);
});

test("the oldest version has no zstd", () => {
  expect(() => formOf(10, "oci", { compression: "zstd" })).toThrow(
    "unsupported compatibility-version 10 feature oci exporter compression=zstd",
  );
  expect(formOf(20, "oci", { compression: "zstd" })).toBe("oci image");
});

test("versions that upstream does not have are refused", () => {
  expect(() => checkCompatibility(15)).toThrow("unsupported compatibility-version 15 (supported: [10 20 30])");
  expect(() => checkCompatibility(40)).toThrow(
    "unsupported compatibility-version 40: upgrade buildkit (max supported: 30)",
  );
  checkCompatibility(20);
});
