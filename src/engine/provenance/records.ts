import { normalizePlatform, type Platform, parsePlatform, samePlatform } from "../../oci/index.ts";
import { CaptureBuilder, type ImageUse, type ProvenanceRecord } from "../../provenance/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { Built } from "../built.ts";
import type { EngineEdge } from "../graph.ts";
import { captureEdge } from "./capture.ts";
import type { RequestLog } from "./request-log.ts";

/** How each platform's result came about, by the platform ("" for a single one); nothing of those that are empty. */
export async function provenanceRecords(built: Built, job: BuildJob): Promise<ReadonlyMap<string, ProvenanceRecord>> {
  const records = new Map<string, ProvenanceRecord>();
  for (const [platform, edge] of built.edges) {
    if (edge === undefined) continue;
    const origin = job.log.originOf(edge) ?? job.log;
    const definition = built.definitions.get(platform);
    records.set(platform, {
      capture: await captureOf(edge, platform, origin, built, job),
      ...(origin.asked && { request: origin.asked }),
      ...(origin.root && { root: origin.root }),
      ...(definition && { definition }),
    });
  }
  return records;
}

/** What the result used, and what its frontend used on the way to it. */
async function captureOf(edge: EngineEdge, platform: string, origin: RequestLog, built: Built, job: BuildJob) {
  const capture = new CaptureBuilder();
  await captureEdge(edge, job, capture);
  const results = resultEdges(built);
  for (const log of origin.all()) {
    for (const solved of log.solved) {
      if (!results.has(solved) && job.evaluated.has(solved)) await captureEdge(solved, job, capture);
    }
  }
  const images = [...origin.all()].flatMap((log) => log.images);
  for (const image of platform === "" ? images : imagesFor(platform, images, built)) capture.image(image);
  return capture.finish();
}

/** Everything that is returned: what one platform's result used is nothing to the others. */
function resultEdges({ edges, attestations }: Built): ReadonlySet<EngineEdge> {
  const attested = [...attestations.values()].flat().map(({ edge }) => edge);
  return new Set([...edges.values(), ...attested].flatMap((edge) => edge ?? []));
}

/** Without those that were looked up for other platforms, where a name was looked up for each platform of the result. */
function imagesFor(key: string, images: readonly ImageUse[], { edges }: Built): readonly ImageUse[] {
  const platforms = [...edges.keys()].map((name) => parsePlatform(name));
  const lookedUpFor = (ref: string, platform: Platform) =>
    images.some((image) => image.ref === ref && image.platform && samePlatform(platform, image.platform));
  const everywhere = new Set(
    images.map(({ ref }) => ref).filter((ref) => platforms.every((platform) => lookedUpFor(ref, platform))),
  );
  const { os, architecture } = normalizePlatform(parsePlatform(key));
  return images.filter(
    ({ ref, platform }) =>
      platform === undefined || !everywhere.has(ref) || (platform.os === os && platform.architecture === architecture),
  );
}
