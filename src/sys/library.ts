import { koffi, type Native } from "./native.ts";

/** A C function that runs on a thread of libuv's pool; its buffers must not be touched before it has ended. */
export type AsyncNative = (...args: readonly (number | bigint | string | Uint8Array | null)[]) => Promise<number>;

/** A shared library of this machine. Declarations are C prototypes; bind once and keep the function. */
export interface Library {
  bind(declaration: string): Native;
  bindAsync(declaration: string): AsyncNative;
}

/**
 * Opens the first of these libraries that is there; null names the process itself (Node's binary exports OpenSSL).
 * Undefined when none is, or when koffi is not: callers have another way.
 */
export function openLibrary(...names: readonly (string | null)[]): Library | undefined {
  for (const name of names) {
    try {
      const handle = koffi().load(name);
      return {
        bind: (declaration) => handle.func(declaration) as Native,
        bindAsync: (declaration) => promised(handle.func(declaration)),
      };
    } catch {
      // the next name
    }
  }
  return undefined;
}

interface KoffiFunction {
  async(...args: unknown[]): void;
}

function promised(call: KoffiFunction): AsyncNative {
  return (...args) =>
    new Promise((resolve, reject) => {
      call.async(...args, (error: unknown, result: number) => (error ? reject(error) : resolve(result)));
    });
}

/** The address of a buffer's first byte, for structures that hold pointers. The buffer must be kept alive meanwhile. */
export function addressOf(buffer: Uint8Array): bigint {
  return BigInt(koffi().address(buffer));
}
