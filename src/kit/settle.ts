/**
 * Runs all tasks, waits until each has ended, then returns the results in order or throws the first failure in time.
 * On the first failure `onFailure` is called (to abort the rest). Unlike `Promise.all`, nothing is left running.
 */
export async function settleAll<T>(
  tasks: readonly (() => Promise<T>)[],
  onFailure?: (error: unknown) => void,
): Promise<T[]> {
  let failure: { error: unknown } | undefined;
  const settled = await Promise.all(
    tasks.map(async (task) => {
      try {
        return { value: await task() };
      } catch (error) {
        if (failure === undefined) {
          failure = { error };
          onFailure?.(error);
        }
        return undefined;
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return settled.map((entry) => (entry as { value: T }).value);
}

/** Like `settleAll` over `items`, with at most `limit` running at once. */
export async function mapLimit<I, T>(
  items: readonly I[],
  limit: number,
  work: (item: I, index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (!failed && next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as I, index);
    }
  };
  await settleAll(
    Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, () => lane),
    () => {
      failed = true;
    },
  );
  return results;
}
