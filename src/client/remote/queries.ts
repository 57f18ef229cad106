import type { SolveStatus } from "../../engine/index.ts";
import { carriedStatus, codeName, content, control, type types } from "../../grpc/index.ts";
import { CooperError, type Scope } from "../../kit/index.ts";
import type { Init, Method } from "../../wire/index.ts";
import type { DaemonConnection } from "./dial.ts";
import { solveStatus } from "./status.ts";
import { plainError } from "./status-error.ts";

export type UsageRecord = control.UsageRecord;
export type WorkerRecord = types.WorkerRecord;
export type BuildkitVersion = types.BuildkitVersion;
/** An event of a daemon's history, with its message's description: its JSON follows from that. */
export interface BuildHistoryEvent {
  readonly type: typeof control.BuildHistoryEvent;
  readonly value: control.BuildHistoryEvent;
}

/** What one may ask a daemon beside builds. Each throws `client/daemon-error` with the daemon's sentence. */
export const queries = {
  /** The smallest first. */
  async diskUsage(daemon: DaemonConnection, filter: readonly string[], scope: Scope): Promise<readonly UsageRecord[]> {
    const answer = await plainly(daemon.client.unary(control.ControlService.DiskUsage, { filter }, scope));
    return answer.record.toSorted((a, b) => Number(a.size - b.size) || (a.id < b.id ? -1 : 1));
  },

  /** `onRecord` hears of each record that went. */
  async prune(
    daemon: DaemonConnection,
    request: Init<control.PruneRequest>,
    onRecord: (record: UsageRecord) => void,
    scope: Scope,
  ): Promise<void> {
    await streamed(daemon.client, control.ControlService.Prune, request, onRecord, scope);
  },

  async workers(daemon: DaemonConnection, filter: readonly string[], scope: Scope): Promise<readonly WorkerRecord[]> {
    return (await plainly(daemon.client.unary(control.ControlService.ListWorkers, { filter }, scope))).record;
  },

  async info(daemon: DaemonConnection, scope: Scope): Promise<BuildkitVersion | undefined> {
    return (await plainly(daemon.client.unary(control.ControlService.Info, {}, scope))).buildkitVersion;
  },

  /** Events of builds that ended, that run, or, without `earlyExit`, that are still to come. */
  async history(
    daemon: DaemonConnection,
    request: Init<control.BuildHistoryRequest>,
    onEvent: (event: BuildHistoryEvent) => void | Promise<void>,
    scope: Scope,
  ): Promise<void> {
    const { ListenBuildHistory } = control.ControlService;
    const type = control.BuildHistoryEvent;
    await streamed(daemon.client, ListenBuildHistory, request, (value) => onEvent({ type, value }), scope);
  },

  async updateHistory(
    daemon: DaemonConnection,
    request: Init<control.UpdateBuildHistoryRequest>,
    scope: Scope,
  ): Promise<void> {
    await plainly(daemon.client.unary(control.ControlService.UpdateBuildHistory, request, scope));
  },

  /** The progress of a build that runs or ran, from its beginning. */
  async progress(
    daemon: DaemonConnection,
    ref: string,
    onStatus: (status: SolveStatus) => void,
    scope: Scope,
  ): Promise<void> {
    const { Status } = control.ControlService;
    await streamed(daemon.client, Status, { ref }, (message) => onStatus(solveStatus(message)), scope);
  },

  /** The bytes of a blob in the daemon's content store. */
  async blob(
    daemon: DaemonConnection,
    digest: string,
    onData: (data: Uint8Array) => void | Promise<void>,
    scope: Scope,
  ): Promise<void> {
    const { Info, Read } = content.ContentService;
    try {
      const { info } = await daemon.client.unary(Info, { digest }, scope);
      const size = info?.size ?? 0n;
      await streamed(daemon.client, Read, { digest, offset: 0n, size }, ({ data }) => onData(data), scope);
    } catch (error) {
      const status = carriedStatus(error);
      if (status === undefined) throw error;
      throw new CooperError("client/daemon-error", `${codeName(status.code)}: ${status.message}`);
    }
  },
} as const;

/** One request, many answers, each handled before the next. A failure is told as Go's client tells that of a stream. */
async function streamed<I, O>(
  client: DaemonConnection["client"],
  method: Method<I, O>,
  request: Init<I>,
  onAnswer: (answer: O) => void | Promise<void>,
  scope: Scope,
): Promise<void> {
  const call = client.call(method, scope);
  try {
    await call.messages.send(request);
    call.end();
    for await (const answer of call.messages) {
      const wait = onAnswer(answer);
      if (wait !== undefined) await wait;
    }
  } catch (error) {
    const status = carriedStatus(error);
    if (status === undefined) throw error;
    throw new CooperError("client/daemon-error", rawSentence(status), { cause: error });
  } finally {
    call.cancel();
  }
}

function rawSentence({ code, message }: { readonly code: number; readonly message: string }): string {
  return `rpc error: code = ${codeName(code)} desc = ${message}`;
}

async function plainly<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw plainError(error);
  }
}
