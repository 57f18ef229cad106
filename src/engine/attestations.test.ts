import { expect, test } from "vitest";
import { askedAttestations } from "./attestations.ts";

test.each([
  [{}, []],
  [{ "build-arg:ATTEST": "1", platform: "linux/amd64" }, []],
  [{ "attest:sbom": "", "attest:provenance": "mode=max" }, ["provenance", "sbom"]],
  [{ "build-arg:BUILDKIT_ATTEST_SBOM": "", "attest:sbom": "generator=x" }, ["sbom"]],
])("askedAttestations(%j) is %j", (options, types) => {
  expect(askedAttestations(options as Record<string, string>)).toEqual(types);
});
