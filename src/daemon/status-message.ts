import type { SolveStatus, VertexWarning } from "../engine/index.ts";
import type { control } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import { timestamp } from "./times.ts";

/** An update of progress as `Control/Status` tells it. */
export function statusMessage(status: SolveStatus): Init<control.StatusResponse> {
  return {
    vertexes: status.vertexes?.map(({ started, completed, inputs, progressGroup, ...vertex }) => ({
      ...vertex,
      inputs: inputs ?? [],
      started: timestamp(started),
      completed: timestamp(completed),
      progressGroup,
    })),
    statuses: status.statuses?.map((task) => ({
      id: task.id,
      vertex: task.vertex,
      name: task.name,
      current: BigInt(Math.floor(task.current)),
      total: BigInt(Math.floor(task.total ?? 0)),
      timestamp: timestamp(task.timestamp),
      started: timestamp(task.started),
      completed: timestamp(task.completed),
    })),
    logs: status.logs?.map((log) => ({
      vertex: log.vertex,
      stream: BigInt(log.stream),
      msg: log.data,
      timestamp: timestamp(log.timestamp),
    })),
    warnings: status.warnings?.map(warningMessage),
  };
}

function warningMessage(warning: VertexWarning) {
  const { vertex, level, short, detail, url, sourceInfo, range } = warning;
  return { vertex, level: BigInt(level), short, detail, url, info: sourceInfo, ranges: range };
}
