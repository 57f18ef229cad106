import { encodeRaw } from "../kit/index.ts";
import { checked, cstring } from "./error.ts";
import { addressOf } from "./library.ts";
import { bind } from "./native.ts";

/**
 * execve(2): this process becomes another program, with standard input, output and error as they are, what `inheritFile` was told of, and no other open file. (Node's own
 * `process.execve` ends the process when it fails.) Throws `SysError`; otherwise it does not return.
 */
export function execute(path: string, args: readonly string[], env: readonly string[]): never {
  const [argv, envp] = [stringVector(args), stringVector(env)];
  restoreSignals();
  // Node marks what it inherited to be closed.
  for (const file of [0, 1, 2]) inheritFile(file);
  const call = bind("int execve(const char *, const void *, const void *)");
  checked(call(cstring(path, "execve"), argv.pointers, envp.pointers), "execve", path);
  throw new Error(`execve returned: ${argv.text.length + envp.text.length} bytes`);
}

/** Lets an open file live on in the next program. */
export function inheritFile(file: number): void {
  const F_SETFD = 2;
  checked(bind("int fcntl(int, int, int)")(file, F_SETFD, 0), "fcntl");
}

/** Node ignores SIGPIPE, and what is ignored stays ignored in the next program. */
function restoreSignals(): void {
  const SIGPIPE = 13;
  bind("void *signal(int, void *)")(SIGPIPE, null);
}

/** A NULL-terminated array of C strings; `text` must live as long as the pointers to it. */
function stringVector(strings: readonly string[]): { pointers: Uint8Array; text: Buffer } {
  for (const one of strings) cstring(one, "execve");
  const encoded = strings.map((one) => encodeRaw(`${one}\0`));
  const text = Buffer.allocUnsafeSlow(encoded.reduce((sum, { length }) => sum + length, 1));
  const pointers = new BigUint64Array(strings.length + 1);
  const base = addressOf(text);
  let at = 0;
  for (const [index, bytes] of encoded.entries()) {
    bytes.copy(text, at);
    pointers[index] = base + BigInt(at);
    at += bytes.length;
  }
  return { pointers: new Uint8Array(pointers.buffer), text };
}
