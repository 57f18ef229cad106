import type { State } from "../../llb/index.ts";
import type { FrontendAttestation } from "../contract.ts";
import { makeScanner, type Scanner, type ScanTarget, sbomAttestation } from "../sbom/scanner.ts";
import type { Build } from "./build.ts";
import type { Converted } from "./convert/convert.ts";
import type { StageState } from "./convert/stage.ts";

/** The scanner that `attest:sbom` names, when there is one. Throws `dockerfile/bad-scanner`. */
export async function openScanner({ options, solver, workerPlatform }: Build): Promise<Scanner | undefined> {
  if (options.sbom === undefined) return undefined;
  const resolved = await solver.resolveImage(options.sbom.generator, {
    platform: workerPlatform,
    mode: options.imageResolveMode,
    logName: "",
  });
  return makeScanner(options.sbom, resolved, workerPlatform);
}

/** The bill of materials of a platform's result, to be made when it is wanted. `id` is the platform's key. */
export async function scan(
  scanner: Scanner,
  id: string,
  converted: Converted,
  { solver, workerPlatform }: Build,
): Promise<FrontendAttestation> {
  const state = scanner(id, scanTarget(converted));
  return sbomAttestation(await solver.solve(solver.marshal(state, workerPlatform)));
}

/** The result, and what BUILDKIT_SBOM_SCAN_CONTEXT and BUILDKIT_SBOM_SCAN_STAGE add. */
function scanTarget({ state, target, conversion }: Converted): ScanTarget {
  const extras = new Map<string, State>();
  if (target.scanContext) extras.set("context", conversion.buildContext);
  const stages = [...behind(target)].filter(({ scanStage }) => scanStage);
  for (const stage of stages) extras.set(stage.displayName, stage.state);
  return { core: state, extras, ignoreCache: [target, ...stages].some(({ ignoreCache }) => ignoreCache) };
}

/** All stages that a stage is made of. */
function behind(target: StageState): ReadonlySet<StageState> {
  const found = new Set([target]);
  for (const { base, uses } of found) {
    if (base !== undefined) found.add(base);
    for (const used of uses.keys()) found.add(used);
  }
  found.delete(target);
  return found;
}
