import { control, type types } from "../../grpc/index.ts";
import type { Scope } from "../../kit/index.ts";
import type { Init } from "../../wire/index.ts";
import type { DaemonConnection } from "./dial.ts";
import { plainError } from "./status-error.ts";

export type UsageRecord = control.UsageRecord;
export type WorkerRecord = types.WorkerRecord;
export type BuildkitVersion = types.BuildkitVersion;

/** What one may ask a daemon beside builds. Each throws `client/daemon-error` with the daemon's sentence. */
export const queries = {
  async diskUsage(daemon: DaemonConnection, filter: readonly string[], scope: Scope): Promise<readonly UsageRecord[]> {
    const answer = await plainly(daemon.client.unary(control.ControlService.DiskUsage, { filter }, scope));
    return answer.record;
  },

  /** `onRecord` hears of each record that went. */
  async prune(
    daemon: DaemonConnection,
    request: Init<control.PruneRequest>,
    onRecord: (record: UsageRecord) => void,
    scope: Scope,
  ): Promise<void> {
    const call = daemon.client.call(control.ControlService.Prune, scope);
    const run = async () => {
      await call.messages.send(request);
      call.end();
      for await (const record of call.messages) onRecord(record);
    };
    await plainly(run());
  },

  async workers(daemon: DaemonConnection, filter: readonly string[], scope: Scope): Promise<readonly WorkerRecord[]> {
    return (await plainly(daemon.client.unary(control.ControlService.ListWorkers, { filter }, scope))).record;
  },

  async info(daemon: DaemonConnection, scope: Scope): Promise<BuildkitVersion | undefined> {
    return (await plainly(daemon.client.unary(control.ControlService.Info, {}, scope))).buildkitVersion;
  },
} as const;

async function plainly<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw plainError(error);
  }
}
