const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a daemon: the first SIGINT, SIGTERM or SIGHUP asks it to stop, the second to be quick about it, the third leaves at
 * once, as upstream's does. The handlers go with the work.
 */
export async function withStopSignals<T>(work: (stop: AbortSignal, hurry: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (hurry.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    if (stop.signal.aborted) hurry.abort();
    stop.abort();
  };
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    return await work(stop.signal, hurry.signal);
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}
