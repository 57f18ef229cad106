import type { FileRecord } from "./recorded-files.ts";

/** A line of `files.json`: path, uid, gid, mode, and what few files have. Attributes are in base64. */
type Line = readonly [
  path: string,
  uid: number,
  gid: number,
  mode: number,
  device?: string | null,
  attributes?: Readonly<Record<string, string>>,
];

/** The first line; another number is another format. */
const head = '{"version":1}';

/** Records as text, a JSON value per line. */
export function recordsText(records: Iterable<readonly [string, FileRecord]>): string {
  const lines = [head];
  for (const [path, record] of records) lines.push(JSON.stringify(lineOf(path, record)));
  return `${lines.join("\n")}\n`;
}

/** The records of `recordsText`. Throws `Error` for any other text. */
export function parseRecords(text: string): Map<string, FileRecord> {
  const [first, ...lines] = text.split("\n");
  if (first !== head || lines.pop() !== "") throw new Error("not a list of owners, or only the beginning of one");
  return new Map(lines.map((line) => recordOf(JSON.parse(line) as Line)));
}

function lineOf(path: string, { uid, gid, mode, device, attributes }: FileRecord): Line {
  const plain = [path, uid, gid, mode] as const;
  const deviceText = device === undefined ? null : `${device}`;
  if (attributes !== undefined) {
    const encoded = [...attributes].map(([name, value]) => [name, value.toString("base64")]);
    return [...plain, deviceText, Object.fromEntries(encoded)];
  }
  return device === undefined ? plain : [...plain, deviceText];
}

function recordOf([path, uid, gid, mode, device, attributes]: Line): readonly [string, FileRecord] {
  const record: FileRecord = { uid, gid, mode };
  if (typeof device === "string") record.device = BigInt(device);
  if (attributes !== undefined) {
    record.attributes = new Map(
      Object.entries(attributes).map(([name, value]) => [name, Buffer.from(value, "base64")]),
    );
  }
  return [path, record];
}
