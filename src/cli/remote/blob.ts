import { CooperError } from "../../kit/index.ts";
import type { Io } from "../io.ts";

const lengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** The digest that a command names. Throws `cli/bad-value` with upstream's words. */
export function wantedDigest(text: string | undefined): string {
  const bad = (sentence: string) => new CooperError("cli/bad-value", sentence);
  if (text === undefined) throw bad("blob digest must be specified");
  const [, algorithm = "", hex = ""] = /^([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/.exec(text) ?? [];
  if (algorithm === "") throw bad("invalid checksum digest format");
  const length = Object.hasOwn(lengths, algorithm) ? lengths[algorithm] : undefined;
  if (length === undefined) throw bad("unsupported digest algorithm");
  if (hex.length !== length) throw bad("invalid checksum digest length");
  if (!/^[a-f0-9]+$/.test(hex)) throw bad("invalid checksum digest format");
  return text;
}

/** Writes pieces of a blob to standard output, one after the other. */
export function printTo(io: Io): (data: Uint8Array) => Promise<void> {
  const stream = io.stdoutStream();
  return (data) =>
    new Promise((resolve, reject) => {
      stream.write(data, (error) => (error ? reject(error) : resolve()));
    });
}
