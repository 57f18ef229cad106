import { type Attestation, type ExportSource, readResults } from "../../export/index.ts";
import {
  type AskedProvenance,
  checkComplete,
  type ProvenanceRecord,
  predicateType,
  provenancePredicate,
} from "../../provenance/index.ts";
import type { Attestations } from "../attest.ts";
import type { BuildJob } from "../build-job.ts";
import type { Built } from "../built.ts";
import { invocationOf } from "./invocation.ts";
import { provenanceRecords } from "./records.ts";
import { stepLayers } from "./step-layers.ts";

/**
 * How each platform's result came about; nothing of empty ones. Throws `provenance/incomplete`. The predicate is
 * made when it is written out: it names the layers that were exported by then.
 */
export async function attestProvenance(
  asked: AskedProvenance,
  source: ExportSource,
  built: Built,
  job: BuildJob,
): Promise<Attestations> {
  const records = await provenanceRecords(built, job);
  const attestations = new Map<string, readonly Attestation[]>();
  for (const { id } of readResults(source).platforms) {
    const record = records.get(built.edges.has(id) ? id : "");
    if (record === undefined) continue;
    if (asked.completeMaterials) checkComplete(record.capture);
    attestations.set(id, [attestation(record, asked, job)]);
  }
  return attestations;
}

function attestation(record: ProvenanceRecord, asked: AskedProvenance, job: BuildJob): Attestation {
  const make = async () => {
    const layers = asked.mode === "max" ? await stepLayers(job) : new Map();
    return provenancePredicate(record, asked, await invocationOf(job), layers);
  };
  return {
    kind: "in-toto",
    predicateType: predicateType(asked.version),
    subjects: [],
    path: asked.filename,
    reason: "provenance",
    ...(asked.inlineOnly && { inlineOnly: true }),
    body: { kind: "made", make },
  };
}
