import { CooperError, messageOf } from "../kit/index.ts";
import { Code } from "./code.ts";
import { carriedStatus, type RpcStatus } from "./rpc-error.ts";

const prefix = "github.com/moby/buildkit/";
type Detail = RpcStatus["details"][number];

/** Codes of ours that are more than UNKNOWN to a client; everything else is that, as upstream's are. */
const codes: Readonly<Record<string, number>> = {
  "frontend/not-found": Code.NOT_FOUND,
  "engine/unknown-ref": Code.NOT_FOUND,
  "engine/entitlement": Code.PERMISSION_DENIED,
  "engine/not-supported": Code.UNIMPLEMENTED,
};

/** What a failed call tells its client: the sentence, and upstream's typed details by which it shows the Dockerfile's lines. */
export function errorStatus(error: unknown): RpcStatus {
  const carried = carriedStatus(error);
  if (carried !== undefined) return carried;
  const code = error instanceof CooperError ? (codes[error.code] ?? Code.UNKNOWN) : Code.UNKNOWN;
  return { code, message: messageOf(error), details: detailsOf(error) };
}

function detailsOf(error: unknown): readonly Detail[] {
  const details: Detail[] = [];
  let one = error;
  for (let depth = 0; one instanceof Error && depth < 20; depth++, one = one.cause) {
    const carried = one instanceof CooperError ? (one.details as { kind?: unknown } | undefined) : undefined;
    if (carried?.kind === "source") details.push(sourceDetail(carried as SourceDetails));
    if (carried?.kind === "exit")
      details.push(json("gatewayapi.ExitMessage", { Code: (carried as { code: number }).code }));
  }
  return details;
}

interface SourceDetails {
  readonly source: { readonly filename: string; readonly data: Uint8Array; readonly language?: string };
  readonly ranges: readonly { readonly start: Position; readonly end: Position }[];
}
interface Position {
  readonly line: number;
  readonly character: number;
}

/** Go leaves out what is zero. */
function sourceDetail({ source, ranges }: SourceDetails): Detail {
  const position = ({ line, character }: Position) => ({ line, ...(character !== 0 && { character }) });
  return json("errdefs.Source", {
    info: {
      filename: source.filename,
      data: Buffer.from(source.data).toString("base64"),
      ...(source.language && { language: source.language }),
    },
    ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })),
  });
}

function json(type: string, value: unknown): Detail {
  return { typeUrl: `${prefix}${type}+json`, value: Buffer.from(JSON.stringify(value)) };
}
