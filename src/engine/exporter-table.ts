import { CooperError } from "../kit/index.ts";
import type { LayerBlobs } from "../ops/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { Storage } from "../storage/index.ts";
import type { ExporterRequest } from "./contract.ts";
import type { Member } from "./engine-scope.ts";
import type { NamedExporter } from "./parts.ts";
import type { Materialise } from "./pulled-inputs.ts";

export interface ExportTools {
  readonly storage: Storage;
  readonly registry: () => Promise<RegistryClient>;
  readonly blobs: LayerBlobs;
  readonly materialise: Materialise;
}

/** The exporter that the request names. Throws `engine/unknown-exporter` with upstream's sentence. */
export async function openExporter(
  request: ExporterRequest,
  _member: Member,
  _tools: ExportTools,
): Promise<NamedExporter> {
  throw new CooperError("engine/unknown-exporter", `exporter ${JSON.stringify(request.type)} could not be found`);
}
