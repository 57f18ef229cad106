import type { BuildRequest, BuiltResult, ExporterRequest } from "../engine/index.ts";
import { Code, carriedStatus, exporter } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import type { RemoteCaller } from "../tunnel/index.ts";

const { ExporterService } = exporter;

/** Asks a client which exporters it wants, now that there is a result; one that does not know the question wants none. */
export function sessionExporters(caller: RemoteCaller): NonNullable<BuildRequest["chooseExporters"]> {
  return async (result: BuiltResult, { signal }: Scope): Promise<readonly ExporterRequest[]> => {
    const question = { metadata: result.metadata, refs: result.refs };
    const answer = await unlessUnknown(caller.client.unary(ExporterService.FindExporters, question, { signal }));
    return (answer?.exporters ?? []).map(({ type, attrs }) => ({ type, attrs: Object.fromEntries(attrs) }));
  };
}

/** Tells it what came of them. */
export async function finalizeExport(
  caller: RemoteCaller,
  response: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const exporterResponse = new Map(Object.entries(response));
  await unlessUnknown(caller.client.unary(ExporterService.FinalizeExport, { exporterResponse }, { signal }));
}

async function unlessUnknown<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const code = carriedStatus(error)?.code;
    if (code === Code.UNAVAILABLE || code === Code.UNIMPLEMENTED) return undefined;
    throw error;
  }
}
