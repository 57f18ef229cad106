import { CooperError, goQuote } from "../../../kit/index.ts";

/** Go's `strconv.ParseInt` for base 10. Throws with its sentence. */
export function parseGoInt(text: string, unsigned = false): number {
  const name = unsigned ? "ParseUint" : "ParseInt";
  const valid = (unsigned ? /^[0-9]+$/ : /^[+-]?[0-9]+$/).test(text);
  if (!valid) throw bad(`strconv.${name}: parsing ${goQuote(text)}: invalid syntax`);
  const limit = unsigned ? 2n ** 64n : 2n ** 63n;
  const value = BigInt(text.replace(/^\+/, ""));
  if (value >= limit || value < -limit) throw bad(`strconv.${name}: parsing ${goQuote(text)}: value out of range`);
  return Number(value);
}

/** Go's `time.Duration.String()`: `30s`, `1m0.5s`, `500µs`. */
export function formatGoDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const ns = Math.abs(nanoseconds);
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${ns / 1e3}µs`;
  if (ns < 1e9) return `${sign}${ns / 1e6}ms`;
  const hours = Math.floor(ns / 3.6e12);
  const minutes = Math.floor((ns % 3.6e12) / 6e10);
  const seconds = (ns % 6e10) / 1e9;
  const upper = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${sign}${upper}${seconds}s`;
}

/** Go's `%v` of a list of strings. */
export function formatGoList(items: readonly string[]): string {
  return `[${items.join(" ")}]`;
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-value", message);
}
