import { CooperError, goDuration } from "../../kit/index.ts";

/** Room on a disk: bytes, or a part of the whole in percent. */
export type DiskSpace =
  | { readonly kind: "bytes"; readonly bytes: number }
  | { readonly kind: "percent"; readonly percent: number };

/** Reads what buildkitd.toml gives as room: a number of bytes, `"512MB"` (units of 1024), `"10%"`. Throws `cli/bad-config`. */
export function diskSpace(value: unknown, key: string): DiskSpace | undefined {
  if (value === undefined || value === "") return undefined;
  const text = String(value);
  const percent = /^(\d+)%$/.exec(text)?.[1];
  if (percent !== undefined) return { kind: "percent", percent: Number(percent) };
  const [, number, unit = ""] = /^([\d.]+) ?(?:([kmgtp])i?b?|b)?$/i.exec(text) ?? [];
  if (number === undefined || Number.isNaN(Number(number)) || !["string", "number"].includes(typeof value)) {
    throw new CooperError("cli/bad-config", `failed to parse config: ${key}: invalid disk space ${text}`);
  }
  return {
    kind: "bytes",
    bytes: Math.floor(Number(number) * 1024 ** ("kmgtp".indexOf(unit.toLowerCase() || "x") + 1)),
  };
}

/** In bytes, on a disk of `total`; parts of it are rounded up as upstream does it. 0 for nothing. */
export function bytesOf(space: DiskSpace | undefined, total: number): number {
  if (space === undefined) return 0;
  if (space.kind === "bytes") return space.bytes;
  return (Math.floor(Math.floor((total * space.percent) / 100) / 2 ** 30) + 1) * 1e9;
}

/** Reads a duration of buildkitd.toml in milliseconds: seconds as a number, or Go's text. Throws `cli/bad-config`. */
export function duration(value: unknown, key: string): number {
  if (value === undefined || value === "") return 0;
  if (typeof value === "number" && Number.isInteger(value)) return value * 1000;
  const text = String(value);
  const read = /^-?\d+$/.test(text) ? Number(text) * 1000 : goDuration(text);
  if (read === undefined)
    throw new CooperError("cli/bad-config", `failed to parse config: ${key}: invalid duration ${text}`);
  return read;
}
