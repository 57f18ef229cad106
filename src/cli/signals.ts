import { CooperError, type Log, type Scope } from "../kit/index.ts";

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` in a scope that the first SIGINT, SIGTERM or SIGHUP ends; `work` then still settles what it began. A second
 * signal leaves at once, as whoever sends two wants. The handlers go with the work.
 */
export async function withSignals<T>(log: Log, work: (scope: Scope) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    controller.abort(new CooperError("cli/interrupted", `got ${signal}, shutting down`));
  };
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    return await work({ signal: controller.signal, log });
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}
