import type { CacheableRecord, ExportTree } from "../../export/index.ts";

/** The records with only those results that are a lower part of one of `images`: their layers go out with the image anyway. */
export function resultsWithin(
  records: readonly CacheableRecord[],
  images: readonly ExportTree[],
): readonly CacheableRecord[] {
  const known = new Set(images.flatMap(prefixesOf));
  const copies = new Map<CacheableRecord, CacheableRecord>();
  const links = (record: CacheableRecord) =>
    record.inputs.map((input) =>
      input.map(({ selector, record: other }) => ({
        selector,
        get record() {
          // Inputs may come later in the list.
          return copies.get(other) ?? other;
        },
      })),
    );
  for (const record of records) {
    const { digest, result } = record;
    const isWithin = result !== undefined && known.has(nameOf(result.tree));
    copies.set(record, { digest, inputs: links(record), ...(isWithin && { result }) });
  }
  return [...copies.values()];
}

function prefixesOf({ layers }: ExportTree): string[] {
  return layers.map((_, at) => nameOf({ layers: layers.slice(0, at + 1) }));
}

function nameOf({ layers }: ExportTree): string {
  return layers.map((layer) => (layer.kind === "snapshot" ? layer.id : layer.record.descriptor.digest)).join(" ");
}
