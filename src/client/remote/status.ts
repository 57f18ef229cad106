import type { SolveStatus } from "../../engine/index.ts";
import type { control, protobuf } from "../../grpc/index.ts";
import { type Digest, parseDigest } from "../../kit/index.ts";
import type { pb } from "../../wire/index.ts";

/** An update of progress from `Control/Status`. Throws `digest/…` for one that names no vertex. */
export function solveStatus(message: control.StatusResponse): SolveStatus {
  const { vertexes, statuses, logs, warnings } = message;
  return {
    ...(vertexes.length > 0 && { vertexes: vertexes.map(vertexOf) }),
    ...(statuses.length > 0 && { statuses: statuses.map(taskOf) }),
    ...(logs.length > 0 && {
      logs: logs.map((log) => ({
        vertex: parseDigest(log.vertex),
        stream: Number(log.stream),
        data: log.msg,
        timestamp: dateOf(log.timestamp) ?? new Date(),
      })),
    }),
    ...(warnings.length > 0 && { warnings: warnings.map(warningOf) }),
  };
}

function vertexOf(vertex: control.Vertex) {
  const { name, cached, error, progressGroup: group } = vertex;
  const [started, completed] = [dateOf(vertex.started), dateOf(vertex.completed)];
  return {
    digest: parseDigest(vertex.digest),
    name,
    ...(vertex.inputs.length > 0 && { inputs: vertex.inputs.map((input): Digest => parseDigest(input)) }),
    ...(started && { started }),
    ...(completed && { completed }),
    ...(cached && { cached }),
    ...(error !== "" && { error }),
    ...(group && { progressGroup: { id: group.id, name: group.name, weak: group.weak } }),
  };
}

function taskOf(task: control.VertexStatus) {
  const [started, completed] = [dateOf(task.started), dateOf(task.completed)];
  return {
    id: task.id,
    vertex: parseDigest(task.vertex),
    name: task.name,
    current: Number(task.current),
    ...(task.total !== 0n && { total: Number(task.total) }),
    timestamp: dateOf(task.timestamp) ?? new Date(),
    ...(started && { started }),
    ...(completed && { completed }),
  };
}

function warningOf(warning: control.VertexWarning) {
  const { info } = warning;
  const place = (at: pb.Position | undefined) => ({ line: at?.line ?? 0, character: at?.character ?? 0 });
  return {
    vertex: parseDigest(warning.vertex),
    level: Number(warning.level),
    short: warning.short,
    detail: warning.detail,
    url: warning.url,
    ...(info && { sourceInfo: { filename: info.filename, data: info.data, language: info.language } }),
    range: warning.ranges.map(({ start, end }) => ({ start: place(start), end: place(end) })),
  };
}

/** Undefined for none, to the millisecond. */
export function dateOf(time: protobuf.Timestamp | undefined): Date | undefined {
  if (time === undefined) return undefined;
  return new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6));
}
