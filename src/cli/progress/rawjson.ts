import type { SolveStatus } from "../../client/index.ts";

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json | undefined };

/** One update as a line of JSON, byte for byte as Go's encoder writes upstream's `client.SolveStatus`. */
export function rawJsonLine(status: SolveStatus): string {
  const value: Json = {
    vertexes: list(status.vertexes, (vertex) => ({
      digest: vertex.digest,
      inputs: list(vertex.inputs, (digest) => digest),
      name: text(vertex.name),
      started: time(vertex.started),
      completed: time(vertex.completed),
      cached: vertex.cached === true ? true : undefined,
      error: text(vertex.error),
      progressGroup: vertex.progressGroup && {
        id: text(vertex.progressGroup.id),
        name: text(vertex.progressGroup.name),
        weak: vertex.progressGroup.weak ? true : undefined,
      },
    })),
    statuses: list(status.statuses, (task) => ({
      id: task.id,
      vertex: task.vertex,
      name: text(task.name),
      total: task.total === 0 ? undefined : task.total,
      current: task.current,
      timestamp: time(task.timestamp),
      started: time(task.started),
      completed: time(task.completed),
    })),
    logs: list(status.logs, (log) => ({
      vertex: log.vertex,
      stream: log.stream === 0 ? undefined : log.stream,
      data: base64(log.data),
      timestamp: time(log.timestamp),
    })),
    warnings: list(status.warnings, warningValue),
  };
  return `${escapeHtml(JSON.stringify(value))}\n`;
}

function warningValue(warning: NonNullable<SolveStatus["warnings"]>[number]): Json {
  return {
    vertex: warning.vertex,
    level: warning.level === 0 ? undefined : warning.level,
    short: text(base64(warning.short)),
    detail: list(warning.detail, base64),
    url: text(warning.url),
    sourceInfo: warning.sourceInfo && {
      filename: text(warning.sourceInfo.filename),
      data: text(base64(warning.sourceInfo.data)),
      language: text(warning.sourceInfo.language),
    },
    range: list(warning.range, (range) => ({ start: position(range.start), end: position(range.end) })),
  };
}

function position(at: { readonly line: number; readonly character: number }): Json {
  return { line: at.line === 0 ? undefined : at.line, character: at.character === 0 ? undefined : at.character };
}

function list<T>(items: readonly T[] | undefined, toJson: (item: T) => Json): Json | undefined {
  return items === undefined || items.length === 0 ? undefined : items.map(toJson);
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}

/** RFC 3339 without trailing zeros in the fraction. */
function time(date: Date | undefined): string | undefined {
  return date?.toISOString().replace(/\.?0*Z$/, "Z");
}

/** Go escapes these in every string, so that JSON can stand inside HTML. */
function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
