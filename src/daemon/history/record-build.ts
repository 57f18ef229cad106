import type { BuildRequest, BuildResponse, Housekeeping } from "../../engine/index.ts";
import { type control, encodeStatus, type RpcStatus } from "../../grpc/index.ts";
import type { Init } from "../../wire/index.ts";
import type { Build } from "../builds.ts";
import { errorStatus } from "../error-status.ts";
import { timestamp } from "../times.ts";
import type { History } from "./history.ts";
import type { HistoryFolder, HistoryRecord } from "./history-folder.ts";
import { ProvenanceResults } from "./provenance-results.ts";
import { countSteps, encodeLog, logMediaType } from "./status-log.ts";

type Descriptor = Init<control.Descriptor>;

/** Upstream's media type of a failed build's whole status, spelling and all. */
const errorMediaType = "application/vnd.googeapis.google.rpc.status+proto";

/** Runs a build and remembers it. The record is there before the build's caller has its answer. */
export async function recordBuild(
  history: History,
  build: Build,
  request: BuildRequest,
  blobs: Pick<Housekeeping, "blob"> | undefined,
  work: (onProvenance: NonNullable<BuildRequest["onProvenance"]>) => Promise<BuildResponse>,
): Promise<BuildResponse> {
  const begun: Init<HistoryRecord> = {
    ref: request.ref,
    frontend: request.frontend,
    frontendAttrs: new Map(Object.entries(request.frontendOptions)),
    exporters: request.exporters.map(({ type, attrs }) => ({ type, attrs: new Map(Object.entries(attrs)) })),
    createdAt: timestamp(new Date()),
  };
  await history.start(begun);
  const provenance = new ProvenanceResults(history.folder);
  try {
    const response = await work(provenance.add);
    const { result, ...rest } = await resultOf(response, history.folder, blobs);
    const results = provenance.into(result);
    await history.complete({ ...begun, ...(await ended(build, history.folder)), ...rest, ...results });
    return response;
  } catch (error) {
    history.forget(request.ref);
    const failed = await failure(errorStatus(error), history.folder);
    const results = provenance.into(undefined);
    await history.complete({ ...begun, ...(await ended(build, history.folder)), ...failed, ...results });
    throw error;
  }
}

/** What every ended build has. */
async function ended({ told }: Build, folder: HistoryFolder): Promise<Init<HistoryRecord>> {
  const logs = await folder.putBlob(encodeLog(told), logMediaType);
  return { completedAt: timestamp(new Date()), logs, ...countSteps(told) };
}

/** The details are long, and go to a blob. */
async function failure(status: RpcStatus, folder: HistoryFolder): Promise<Init<HistoryRecord>> {
  const externalError = await folder.putBlob(encodeStatus(status), errorMediaType);
  return { error: { code: status.code, message: status.message }, externalError };
}

async function resultOf(
  { exported = [], frontendMetadata = new Map() }: BuildResponse,
  folder: HistoryFolder,
  blobs: Pick<Housekeeping, "blob"> | undefined,
): Promise<Init<HistoryRecord>> {
  const results: { key: bigint; value: Descriptor }[] = [];
  for (const [index, response] of exported.entries()) {
    const value = descriptorOf(response["containerimage.descriptor"]);
    if (value === undefined) continue;
    results.push({ key: BigInt(index), value });
    if (blobs !== undefined) await folder.keepImage(value.digest ?? "", blobs);
  }
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  const exporterResponse = new Map([...frontendMetadata].map(([key, value]) => [key, text(value)] as const));
  const [first] = results;
  return { exporterResponse, ...(first && { result: { resultDeprecated: first.value, results } }) };
}

/** From what exporters answer: base64 of the descriptor's JSON. */
function descriptorOf(answer: string | undefined): Descriptor | undefined {
  if (answer === undefined) return undefined;
  const { mediaType, digest, size, annotations = {} } = JSON.parse(Buffer.from(answer, "base64").toString("utf8"));
  return { mediaType, digest, size: BigInt(size), annotations: new Map(Object.entries<string>(annotations)) };
}
