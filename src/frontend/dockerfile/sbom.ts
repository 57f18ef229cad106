import { CooperError } from "../../kit/index.ts";
import { parseImageConfig } from "../../oci/index.ts";
import type { Build } from "./build.ts";

/** Checks that the scanner that `attest:sbom` names can be run. The attestation itself is not made yet. */
export async function checkScanner(build: Build): Promise<void> {
  const { options, solver, workerPlatform } = build;
  if (options.sbom === undefined) return;
  const { generator } = options.sbom;
  const resolved = await solver.resolveImage(generator, {
    platform: workerPlatform,
    mode: options.imageResolveMode,
    logName: "",
  });
  const { entrypoint = [], cmd = [] } = parseImageConfig(resolved.config).config;
  if (entrypoint.length + cmd.length > 0) return;
  throw new CooperError("dockerfile/bad-scanner", `scanner ${resolved.ref} does not have cmd`);
}
