import { Code, carriedStatus, codeName, type RpcStatus } from "../../grpc/index.ts";
import { CooperError } from "../../kit/index.ts";

const prefix = /^(?:type\.googleapis\.com\/)?github\.com\/moby\/buildkit\/(?:v\d\/)?/;

/** A daemon's error as one of ours: its typed details become what our own errors carry. Anything else stays as it is. */
export function plainError(error: unknown): unknown {
  const status = carriedStatus(error);
  if (status === undefined) return error;
  const details = status.details.flatMap((detail) => detailOf(detail));
  const exit = details.find((detail) => detail.kind === "exit");
  const place = details.findLast((detail) => detail.kind === "source");
  const cause = exit && new CooperError("client/exit", status.message, { details: exit });
  return new CooperError("client/daemon-error", sentenceOf(status), { details: place ?? exit, cause });
}

/** Go's client names the code, unless it says nothing. */
function sentenceOf({ code, message }: RpcStatus): string {
  return code === Code.UNKNOWN ? message : `${codeName(code)}: ${message}`;
}

type Detail = { readonly kind: "exit"; readonly code: number } | SourceDetail;
interface SourceDetail {
  readonly kind: "source";
  readonly source: { readonly filename: string; readonly data: Uint8Array; readonly language: string };
  readonly ranges: readonly { readonly start: Place; readonly end: Place }[];
}
interface Place {
  readonly line: number;
  readonly character: number;
}

/** What cannot be read is left out: the sentence is there anyway. */
function detailOf({ typeUrl, value }: RpcStatus["details"][number]): Detail[] {
  const type = typeUrl.replace(prefix, "").replace(/\+json$/, "");
  if (!typeUrl.endsWith("+json") || value.byteLength > 16 * 1024 * 1024) return [];
  try {
    const json: unknown = JSON.parse(Buffer.from(value).toString("utf8"));
    if (type === "errdefs.Source") return [sourceOf(json as SourceJson)];
    if (type === "gatewayapi.ExitMessage")
      return [{ kind: "exit", code: Number((json as { Code?: number }).Code ?? 0) }];
  } catch {
    return [];
  }
  return [];
}

interface SourceJson {
  readonly info?: { readonly filename?: string; readonly data?: string; readonly language?: string };
  readonly ranges?: readonly { readonly start?: Partial<Place>; readonly end?: Partial<Place> }[];
}

function sourceOf({ info, ranges }: SourceJson): SourceDetail {
  const place = (at: Partial<Place> | undefined) => ({
    line: Number(at?.line ?? 0),
    character: Number(at?.character ?? 0),
  });
  return {
    kind: "source",
    source: {
      filename: String(info?.filename ?? ""),
      data: Buffer.from(String(info?.data ?? ""), "base64"),
      language: String(info?.language ?? ""),
    },
    ranges: (ranges ?? []).map(({ start, end }) => ({ start: place(start), end: place(end) })),
  };
}
