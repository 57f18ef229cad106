import { describe, expect, test } from "vitest";
import { askedAttestations } from "./attestations.ts";

const ask = (frontendOptions: Record<string, string>) => askedAttestations({ frontendOptions });

describe("askedAttestations()", () => {
  test("finds nothing in other options", async () => {
    expect(await ask({ "build-arg:ATTEST": "1", platform: "linux/amd64" })).toEqual({});
  });

  test("reads attributes of options and build arguments, quoted ones too", async () => {
    const asked = await ask({
      "attest:sbom": '"generator=example.com/a","list=b,c"',
      "build-arg:BUILDKIT_ATTEST_PROVENANCE": "mode=max,x",
    });
    expect(asked.sbom).toEqual({ generator: "example.com/a:latest", parameters: { list: "b,c" } });
    expect(asked.provenance).toMatchObject({ mode: "max", version: "v1", filename: "provenance.json" });
  });

  test("has upstream's generator when none is given", async () => {
    const { sbom } = await ask({ "attest:sbom": "" });
    expect(sbom?.generator).toBe("docker.io/docker/buildkit-syft-scanner:stable-1");
  });

  test.each([
    ["attest:vex", "", 'unknown attestation type "vex"'],
    ["attest:sbom", "generator=", "sbom generator cannot be empty"],
    ["attest:sbom", "generator=A B", "failed to parse sbom generator A B: invalid reference format"],
    ["attest:provenance", "version=v9", "invalid provenance SLSA version: v9"],
    [
      "attest:provenance",
      'mode="max',
      'failed to parse provenance: parse error on line 1, column 6: bare " in non-quoted',
    ],
  ])("refuses %s=%s", async (key, value, sentence) => {
    await expect(ask({ [key]: value })).rejects.toThrow(sentence);
  });
});
