import { type Scope, settleAll } from "../../kit/index.ts";
import type { BuiltDefinition } from "../../llb/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { Frontend, FrontendBridge, FrontendRequest, FrontendResult } from "../contract.ts";
import { type Build, openBuild } from "./build.ts";
import { refuseUnknownCapabilities } from "./capabilities.ts";
import { type Converted, convertDockerfile } from "./convert/convert.ts";
import { forwardIfAsked } from "./forward.ts";
import { createLinter, type LintFinding, lintConfigOf } from "./lint/index.ts";
import { reworded } from "./parse/index.ts";
import { type BuiltPlatform, frontendResult, platformKey } from "./result.ts";
import { openScanner, scan } from "./sbom.ts";

/** `dockerfile.v0`: a Dockerfile in, one image per platform out. */
export const dockerfileFrontend: Frontend = {
  async solve(request: FrontendRequest, bridge: FrontendBridge, scope: Scope): Promise<FrontendResult> {
    const build = await openBuild(request, bridge, scope, () => refuseUnknownCapabilities(request.options, true));
    const forwarded = await forwardIfAsked(request, build);
    if (forwarded !== undefined) return forwarded;
    refuseUnknownCapabilities(request.options, false);
    if (request.options.requestid !== undefined) return answer(request.options.requestid, build);
    const scanner = await openScanner(build);
    const { targetPlatforms, multiPlatform } = build.options;
    const targets = targetPlatforms.length === 0 ? [undefined] : targetPlatforms;
    const built = await settleAll(targets.map((target, index) => () => buildPlatform(build, target, index === 0)));
    const result = frontendResult(built, multiPlatform);
    if (scanner === undefined) return result;
    const scanned = built.map(({ platform, converted }) => async () => {
      const id = platformKey(platform);
      return [id, [await scan(scanner, id, converted, build)]] as const;
    });
    return { ...result, attestations: new Map(await settleAll(scanned)) };
  },
};

interface BuiltTarget extends BuiltPlatform {
  readonly converted: Converted;
}

/** A question about the Dockerfile instead of a build; builds need not load what answers it. */
async function answer(id: string, build: Build): Promise<FrontendResult> {
  const { answerRequest } = await import("./requests.ts");
  return answerRequest(id, build, (finding) => warn(build, finding));
}

async function buildPlatform(build: Build, target: Platform | undefined, warns: boolean): Promise<BuiltTarget> {
  const linter = createLinter(lintConfigOf(build.entrypoint.file, build.options.lint), (finding) => {
    // One platform's warnings are enough.
    if (warns) warn(build, finding);
  });
  const converted = await convertDockerfile({ ...build.conversion, linter, targetPlatform: target });
  const definition = marshal(build, converted);
  const ref = definition.head === undefined ? undefined : await build.solver.solve(definition);
  return { platform: target ?? build.workerPlatform, ref, converted };
}

function marshal(build: Build, { state, platform }: Converted): BuiltDefinition {
  try {
    return build.solver.marshal(state, platform);
  } catch (error) {
    throw reworded(error, (message) => `failed to marshal LLB definition: ${message}`);
  }
}

/** A finding of a build check, as the client shows it. */
function warn({ entrypoint, solver }: Build, finding: LintFinding): void {
  if (entrypoint.vertex === undefined) return;
  const { rule, message, description, url, location } = finding;
  const line = location[0]?.start.line ?? 0;
  solver.bridge.warn(entrypoint.vertex, {
    level: 1,
    short: line > 0 ? `${rule}: ${message} (line ${line})` : `${rule}: ${message}`,
    detail: [description],
    url,
    source: entrypoint.file,
    ranges: location,
  });
}
