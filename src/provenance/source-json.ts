import { goStruct } from "../llb/index.ts";
import { compareBytes } from "../oci/index.ts";
import { pb } from "../wire/index.ts";
import { type BuildSteps, buildSteps, digestMapping } from "./build-steps.ts";

/** The files that steps come from, and where in them each step stands; undefined when the definition names no file. */
export function sourceJson(source: pb.Source | undefined, { numbers }: BuildSteps): object | undefined {
  if (source === undefined || source.infos.length === 0) return undefined;
  const locations = [...source.locations].flatMap(([digest, list]) => {
    const number = numbers.get(digest);
    const json = goStruct(pb.Locations, list);
    return number === undefined ? [] : [[`step${number}`, json] as const];
  });
  locations.sort(([a], [b]) => compareBytes(a, b));
  return { ...(locations.length > 0 && { locations: new Map(locations) }), infos: source.infos.map(infoJson) };
}

function infoJson({ filename, language, data, definition }: pb.SourceInfo): object {
  const steps = buildSteps(definition);
  return {
    ...(filename !== "" && { filename }),
    ...(language !== "" && { language }),
    ...(data.byteLength > 0 && { data: Buffer.from(data).toString("base64") }),
    ...(steps && { llbDefinition: steps.steps, digestMapping: digestMapping(steps) }),
  };
}
