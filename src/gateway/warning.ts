import type { FrontendWarning } from "../frontend/index.ts";
import type { gateway } from "../grpc/index.ts";

/** A frontend's warning off the wire. */
export function warningOf(request: gateway.WarnRequest): FrontendWarning {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
  const { info, ranges } = request;
  const position = (at: { readonly line: number; readonly character: number } | undefined) => ({
    line: at?.line ?? 0,
    character: at?.character ?? 0,
  });
  return {
    level: Number(request.level),
    short: text(request.short),
    detail: request.detail.map(text),
    url: request.url,
    ...(info && { source: { filename: info.filename, data: info.data, language: info.language } }),
    ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })),
  };
}
