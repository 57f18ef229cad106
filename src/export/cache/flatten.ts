import type { CachedTree, CacheLink, CacheRecord } from "./cache-config.ts";
import type { CacheableRecord, CacheableTree } from "./contract.ts";

/** The records and all that they rest on as a list, inputs first, each once. `treeOf`: a result as the list has it; undefined leaves it out. */
export function flattenRecords(
  records: readonly CacheableRecord[],
  treeOf: (result: CacheableTree) => CachedTree | undefined,
): CacheRecord[] {
  const list: CacheRecord[] = [];
  const places = new Map<CacheableRecord, number>();
  const stack: { readonly record: CacheableRecord; open: boolean }[] = records
    .map((record) => ({ record, open: true }))
    .reverse();
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { record } = top;
    const missing = top.open && !places.has(record) ? linked(record).filter((one) => !places.has(one)) : [];
    top.open = false;
    if (missing.length > 0) {
      stack.push(...missing.map((one) => ({ record: one, open: true })));
      continue;
    }
    stack.pop();
    if (places.has(record)) continue;
    places.set(record, list.length);
    const tree = record.result === undefined ? undefined : treeOf(record.result);
    const inputs = record.inputs.map((input) =>
      input.map(({ selector, record: other }): CacheLink => ({ selector, link: places.get(other) as number })),
    );
    list.push({ digest: record.digest, inputs, results: tree === undefined ? [] : [tree] });
  }
  return list;
}

function linked({ inputs }: CacheableRecord): CacheableRecord[] {
  return inputs.flatMap((input) => input.map(({ record }) => record));
}
