import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";

export type Main = typeof import("../index.ts");

/**
 * Loads what is behind the commands: the sources when this file is one of them, else the bundle beside it.
 */
export async function loadMain(): Promise<Main> {
  if (import.meta.filename.endsWith(".ts")) return import("../index.ts");
  return loadBundle(import.meta.dirname).main;
}

/** The bundle, and the scripts of those of its packs that have been loaded so far, by name. */
export interface Loaded {
  readonly main: Main;
  readonly scripts: ReadonlyMap<string, Script>;
}

/**
 * Runs the first pack of the bundle in a folder; the others (tools/packs.ts) are loaded when something in them is needed.
 */
export function loadBundle(folder: string): Loaded {
  const scripts = new Map<string, Script>();
  const loaded = new Map<string, object>();
  const pack = (name: string): object => {
    const there = loaded.get(name);
    if (there !== undefined) return there;
    const path = join(folder, `${name}.js`);
    const script = compile(path);
    const module = { exports: {} };
    script.runInThisContext()(module.exports, createRequire(path), module, path, folder, pack);
    scripts.set(name, script);
    loaded.set(name, module.exports);
    return module.exports;
  };
  return { main: pack("main") as Main, scripts };
}

/**
 * A pack (CommonJS, ASCII) with the machine code of its last warming, the `.cache` beside it: all functions that a build calls,
 * already compiled. (`module.enableCompileCache` keeps only what is compiled before a module first runs; compiling the rest
 * again took a quarter of a cached build.) V8 refuses code that another version of it wrote and compiles the source instead.
 * The code is as trusted as the bundle, because it lies in the same folder; nothing is written here.
 */
function compile(path: string): Script {
  const parameters = "exports, require, module, __filename, __dirname, __pack";
  const source = `(function (${parameters}) {${readFileSync(path, "latin1")}\n})`;
  const cachedData = readCode(path.replace(/\.js$/, ".cache"));
  return new Script(source, { filename: path, ...(cachedData !== undefined && { cachedData }) });
}

function readCode(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
