import type { Engine, Housekeeping } from "../engine/index.ts";
import { Code, rpcError, type types } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import type { LendFolder } from "../tunnel/index.ts";
import type { Init } from "../wire/index.ts";
import type { Builds } from "./builds.ts";
import type { GarbageCollector } from "./garbage-collector.ts";
import type { History } from "./history/history.ts";
import type { Sessions } from "./sessions.ts";
import type { Tracing } from "./tracing.ts";

/** What the services of one daemon share. */
export interface DaemonParts {
  readonly engine: Engine;
  readonly builds: Builds;
  readonly sessions: Sessions;
  readonly lendFolder: LendFolder;
  readonly history: History;
  readonly garbage: GarbageCollector;
  readonly tracing: Tracing;
  readonly worker: Init<types.WorkerRecord>;
  readonly scope: Scope;
  /** No new builds from now on. */
  readonly draining: () => boolean;
}

/** Throws UNIMPLEMENTED. */
export function housekeepingOf({ engine }: Pick<DaemonParts, "engine">): Housekeeping {
  if (engine.housekeeping === undefined) throw rpcError(Code.UNIMPLEMENTED, "this engine has no storage of its own");
  return engine.housekeeping;
}
