import type { FailedSolve } from "../gateway/index.ts";
import { CooperError, isCooperError } from "../kit/index.ts";
import { type FailureDetails, failureOf, type Ref } from "../ops/index.ts";
import type { VertexErrorDetails } from "../solver/index.ts";
import type { BuildJob } from "./build-job.ts";

/**
 * The error for whoever asked through the gateway: with its place in the source, and for a vertex that failed with its op and with
 * what it left (`register` gives a tree an id, by which the client can open a container on it).
 */
export function explainFailure(job: BuildJob, error: unknown, register: (ref: Ref) => string): unknown {
  const pointed = job.places.point(error);
  if (!isCooperError(error, "solver/vertex-failed") || !(pointed instanceof CooperError)) return pointed;
  const vertex = job.vertex((error.details as VertexErrorDetails).vertex);
  if (vertex === undefined) return pointed;
  const failure = failureOf(error);
  const ids = (refs: readonly (Ref | undefined)[] = []) => refs.map((ref) => (ref === undefined ? "" : register(ref)));
  const details: FailedSolve = {
    kind: "solve",
    op: vertex.bytes,
    description: vertex.metadata.description,
    inputIds: ids(failure?.state?.inputs),
    mountIds: ids(failure?.state?.mounts),
    ...subjectOf(failure),
  };
  const { code, message, hint } = pointed;
  return new CooperError(code, message, { cause: pointed, details, hint });
}

function subjectOf(failure: FailureDetails | undefined): Pick<FailedSolve, "subject"> {
  if (failure?.kind === "file-action") return { subject: { kind: "file", index: failure.index } };
  if (failure?.kind === "content-hash") return { subject: { kind: "cache", index: failure.index } };
  return {};
}
