import { createRequire } from "node:module";
import type { LibraryHandle } from "koffi";
import { CooperError } from "../kit/index.ts";

type Koffi = typeof import("koffi");
/** A C function as JavaScript sees it: numbers, strings and buffers in, a number out. */
export type Native = (...args: readonly (number | bigint | string | Uint8Array | BigInt64Array | null)[]) => number;

/** What is loaded into this process: like the addon itself there can be only one, so it is the room's only module state. */
let loaded: { readonly koffi: Koffi; readonly libc: LibraryHandle } | undefined;
const bound = new Map<string, Native>();

/** Koffi, loaded at the first call. Throws `sys/no-koffi`. */
export function koffi(): Koffi {
  return native().koffi;
}

function native(): { readonly koffi: Koffi; readonly libc: LibraryHandle } {
  if (loaded === undefined) {
    const koffi = loadKoffi();
    // null: the symbols that are in the process already, which has a C library whatever its name (glibc, musl).
    loaded = { koffi, libc: koffi.load(null) };
  }
  return loaded;
}

/**
 * Koffi's own entry reads Node's binary to tell glibc from musl (10 ms); trying the two addons takes 1 ms. Its ordinary
 * entry stays the fallback, for an installation that is laid out in another way.
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const arch = process.arch;
  for (const libc of ["linux", "musl"]) {
    try {
      const addon = { exports: {} };
      process.dlopen(addon, require.resolve(`@koromix/koffi-linux-${arch}/${libc}_${arch}/koffi.node`));
      return addon.exports as Koffi;
    } catch {
      // the other C library, or the fallback below
    }
  }
  try {
    return require("koffi") as Koffi;
  } catch (cause) {
    throw new CooperError("sys/no-koffi", "cannot call the kernel: the npm package koffi cannot be loaded", {
      hint: "run npm ci, and check that optional dependencies are not left out",
      cause,
    });
  }
}

/** The C function with that declaration, bound at first use. Variadic functions are declared with the arguments they get. */
export function bind(declaration: string): Native {
  let call = bound.get(declaration);
  if (call === undefined) {
    call = native().libc.func(declaration) as Native;
    bound.set(declaration, call);
  }
  return call;
}

/** `errno` of the call just made. */
export function lastErrno(): number {
  return native().koffi.errno();
}
