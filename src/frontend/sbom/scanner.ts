import { CooperError, joinPath } from "../../kit/index.ts";
import { image, type RunMountOptions, type State, scratch } from "../../llb/index.ts";
import { type ImageConfig, type Platform, parseImageConfig, predicateTypes } from "../../oci/index.ts";
import type { FrontendAttestation, FrontendRef, ResolvedImageConfig } from "../contract.ts";

/** A scanner that is to look at the result. */
export interface SbomRequest {
  /** Canonical reference of the scanner's image. */
  readonly generator: string;
  /** What the scanner is told beside: `BUILDKIT_SCAN_NAME=value`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A tree to be scanned, and others that it came from. */
export interface ScanTarget {
  readonly core: State;
  readonly extras: ReadonlyMap<string, State>;
  readonly ignoreCache: boolean;
}

/** The run of a scanner on a tree: its state is the folder of statements that it writes. `name` is for the progress. */
export type Scanner = (name: string, target: ScanTarget) => State;

/** Where a scanner finds trees, and where it writes statements: the protocol of BuildKit's scanners. */
const sources = "/run/src/";
const destination = "/run/out/";
/** The file that describes the result itself is `sbom.spdx.json`; those of other trees begin with `sbom-`. */
const coreName = "sbom";

/** Throws `dockerfile/bad-scanner` for an image that has nothing to run. */
export function makeScanner(
  { parameters }: SbomRequest,
  { ref, config }: Pick<ResolvedImageConfig, "ref" | "config">,
  platform: Platform,
): Scanner {
  const { config: container } = parseImageConfig(config);
  const args = [...(container.entrypoint ?? []), ...(container.cmd ?? [])];
  if (args.length === 0) throw new CooperError("dockerfile/bad-scanner", `scanner ${ref} does not have cmd`);
  return (name, { core, extras, ignoreCache }) => {
    const started = environment(image(ref, { platform }), container, parameters, extras.size > 0);
    const run = {
      args,
      mounts: mountsOf(core, extras),
      ignoreCache,
      customName: `[${name}] generating sbom using ${ref}`,
    };
    return started.withDir(container.workingDir || "/").runOutput(run, destination);
  };
}

/** What a frontend says of a scanner's folder. */
export function sbomAttestation(ref: FrontendRef | undefined): FrontendAttestation {
  return {
    kind: "bundle",
    metadata: new Map([
      ["reason", Buffer.from("sbom")],
      ["sbom-core", Buffer.from(coreName)],
    ]),
    ...(ref !== undefined && { ref }),
    path: "",
    predicateType: predicateTypes.spdx,
    subjects: [],
  };
}

function environment(
  scanner: State,
  { env = [] }: ImageConfig["config"],
  parameters: SbomRequest["parameters"],
  hasExtras: boolean,
): State {
  const all = [
    ...env,
    `BUILDKIT_SCAN_DESTINATION=${destination}`,
    `BUILDKIT_SCAN_SOURCE=${joinPath(sources, "core", coreName)}`,
    ...(hasExtras ? [`BUILDKIT_SCAN_SOURCE_EXTRAS=${joinPath(sources, "extras")}`] : []),
    ...Object.entries(parameters).map(([key, value]) => `BUILDKIT_SCAN_${key}=${value}`),
  ];
  return all.reduce((state, line) => {
    const at = line.indexOf("=");
    return at < 0 ? state.addEnv(line, "") : state.addEnv(line.slice(0, at), line.slice(at + 1));
  }, scanner);
}

function mountsOf(core: State, extras: ScanTarget["extras"]): RunMountOptions[] {
  const seen = (target: string, { output }: State) => ({ target, source: output, readonly: true });
  return [
    { target: "/tmp", source: undefined, tmpfs: { size: 0 } },
    seen(joinPath(sources, "core", coreName), core),
    ...[...extras].map(([name, state]) => seen(joinPath(sources, "extras", `${coreName}-${name}`), state)),
    { target: destination, source: scratch().output },
  ];
}
