import type { OpScope } from "../contract.ts";

/** Runs `work` as one line of progress that begins and ends. */
export async function timed<T>(id: string, scope: OpScope, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  scope.emit({ type: "status", id, current: 0, started });
  const value = await work();
  scope.emit({ type: "status", id, current: 0, started, completed: Date.now() });
  return value;
}
