import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

export type Main = typeof import("../index.ts");

/**
 * Loads everything behind the commands: the sources when this file is one of them, else the bundle `main.js` beside it.
 */
export async function loadMain(): Promise<Main> {
  if (import.meta.filename.endsWith(".ts")) return import("../index.ts");
  return loadBundle(join(import.meta.dirname, "main.js")).main;
}

/** The bundle, and the script that it came from. */
export interface Loaded {
  readonly main: Main;
  readonly script: Script;
}

/**
 * Runs a bundle (CommonJS, ASCII) with the machine code of its last warming, `main.cache`: all functions that a build calls,
 * already compiled. (`module.enableCompileCache` keeps only what is compiled before a module first runs; compiling the rest
 * again took a quarter of a cached build.) V8 refuses code that another version of it wrote and compiles the source instead.
 * The code is as trusted as the bundle, because it lies in the same folder; nothing is written here.
 */
export function loadBundle(path: string): Loaded {
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, "latin1")}\n})`;
  const cachedData = readCode(path.replace(/\.js$/, ".cache"));
  const script = new Script(source, { filename: path, ...(cachedData !== undefined && { cachedData }) });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return { main: module.exports as Main, script };
}

function readCode(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
