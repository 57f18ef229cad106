/**
 * Bundles src/ into dist/, or the folder that is named: one small entry per command of upstream's, the packs with what is behind them
 * (packs.ts), whose modules run when they are first imported, and `cooper.js` with all rooms. Few files, because finding, reading
 * and linking forty took Node 8 ms; CommonJS, because V8's compiled code can be kept for that with all functions in it
 * (src/cli/entry/load-main.ts), which `build-warm.ts` does in the end. Files that the
 * code starts or reads beside itself, `new URL("./x.ts", import.meta.url)`, come along: .ts files as entries of their own
 * (worker threads), others as copies.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { noteBorrowed, packEntry, packPlugin, packs, partition } from "./packs.ts";

const root = resolve(import.meta.dirname, "..");
const commands = ["buildctl", "buildctl-daemonless", "buildkitd"];

/** Finds files named by `new URL("…", import.meta.url)`, lets `found` have them, and points the URL to where they will be. */
function besideFiles(found: (path: string) => void): Plugin {
  const pattern = /new URL\(\s*"(\.{1,2}\/[^"]+)",\s*import\.meta\.url\s*,?\s*\)/g;
  return {
    name: "beside-files",
    setup(setup) {
      setup.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        if (!source.includes("import.meta.url")) return undefined;
        const contents = source.replaceAll(pattern, (_, target: string) => {
          const file = join(dirname(path), target);
          found(file);
          return `new URL("./${basename(file).replace(/\.ts$/, ".js")}", import.meta.url)`;
        });
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Node's modules that cost milliseconds to load and that many a build never uses. */
const heavyModules = [
  "child_process",
  "crypto",
  "dgram",
  "http",
  "http2",
  "https",
  "net",
  "tls",
  "worker_threads",
  "zlib",
];

/**
 * Makes imports of Node's heavy modules load at first use: what a file imports from one is a stand-in that can be called,
 * constructed, extended and looked into, and only then reaches for the real thing. (A cached build starts no process and
 * opens no connection; node:http alone takes a quarter of its whole time.)
 */
function lazyHeavyModules(): Plugin {
  return {
    name: "lazy-heavy-modules",
    setup(setup) {
      const filter = new RegExp(`^node:(${heavyModules.join("|")})$`);
      setup.onResolve({ filter }, ({ path }) => ({ path, namespace: "lazy", sideEffects: false }));
      setup.onLoad({ filter: /.*/, namespace: "lazy" }, async ({ path }) => {
        const names = Object.keys(await import(path)).filter((name) => name !== "default" && !name.includes("."));
        const exports = names.map((name) => `export const ${name} = /* @__PURE__ */ standIn((real) => real.${name});`);
        return { contents: `${standIn(path)}\n${exports.join("\n")}\nexport default standIn((real) => real);\n` };
      });
    },
  };
}

function standIn(module: string): string {
  return `
let loaded;
function standIn(pick) {
  const real = () => pick((loaded ??= process.getBuiltinModule("${module}")));
  return new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(real(), self, args),
    construct: (_, args, target) => Reflect.construct(real(), args, target),
    get: (_, key) => real()[key],
    has: (_, key) => key in real(),
  });
}`;
}

/** Where CommonJS has what ES modules call by these names. */
const importMeta = {
  define: {
    "import.meta.url": "importMetaUrl",
    "import.meta.filename": "__filename",
    "import.meta.dirname": "__dirname",
  },
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
};

async function bundle(
  entries: Record<string, string>,
  outdir: string,
  external: string[],
  plugins: Plugin[] = [],
): Promise<Set<string>> {
  const beside = new Set<string>();
  if (Object.keys(entries).length === 0) return beside;
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    format: "cjs",
    platform: "node",
    // Where node_modules is a link, its files are still called so.
    preserveSymlinks: true,
    target: "node24",
    // Node's modules need no loader of ES modules then.
    supported: { "dynamic-import": false },
    external: ["koffi", ...external],
    charset: "ascii",
    ...importMeta,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [besideFiles((path) => beside.add(path)), lazyHeavyModules(), ...plugins],
  });
  return beside;
}

/** Makes a script ASCII, which its loader may read as one byte per character: esbuild leaves regular expressions as they are. */
function escapeNonAscii(path: string): void {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/[^\0-\x7f]/g, escaped));
}

/** Bundles what is behind upstream's commands, as packs; gives the files that it starts beside itself. */
async function bundlePacks(outdir: string): Promise<Set<string>> {
  const beside = new Set<string>();
  const parts = await partition(root);
  for (const { name } of packs.toReversed()) {
    const found = await bundle({ [name]: packEntry(name) }, outdir, [], [packPlugin(name, parts)]);
    for (const path of found) beside.add(path);
    const file = join(outdir, `${name}.js`);
    escapeNonAscii(file);
    noteBorrowed(readFileSync(file, "utf8"), name, parts);
  }
  return beside;
}

/** Bundles the entries, all that is behind them, and the files that this starts beside itself, until no new ones turn up. */
async function bundleAll(outdir: string): Promise<void> {
  const main = join(root, "src/cli/index.ts");
  await bundle(Object.fromEntries(commands.map((name) => [name, `src/cli/entry/${name}.ts`])), outdir, [main]);
  // What only `cooper` does is apart: builds would pay for every byte of it.
  let beside = await bundle({ cooper: "src/cli/entry/cooper.ts" }, outdir, []);
  for (const path of await bundlePacks(outdir)) beside.add(path);
  const seen = new Set<string>();
  while (beside.size > 0) {
    const fresh = [...beside].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    for (const path of fresh.filter((path) => !path.endsWith(".ts"))) copyFileSync(path, join(outdir, basename(path)));
    const scripts = fresh.filter((path) => path.endsWith(".ts"));
    beside = await bundle(Object.fromEntries(scripts.map((path) => [basename(path, ".ts"), path])), outdir, []);
  }
}

async function main(): Promise<void> {
  const dist = resolve(root, process.argv[2] ?? "dist");
  const fresh = join(root, `.dist-${process.pid}`);
  const started = new Date();
  try {
    mkdirSync(fresh);
    await bundleAll(fresh);
    writeFileSync(join(fresh, "package.json"), '{ "type": "commonjs" }\n');
    // Two renames, so that a command that starts now hardly ever finds no bundle.
    if (existsSync(dist)) renameSync(dist, `${fresh}.old`);
    renameSync(fresh, dist);
  } finally {
    for (const path of [fresh, `${fresh}.old`]) rmSync(path, { recursive: true, force: true });
  }
  // Without the compiled code the commands are slower, and nothing else.
  const warm = spawnSync(process.execPath, [join(root, "tools/build-warm.ts"), dist], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (warm.status !== 0) console.warn(`dist: not warmed: ${warm.stderr.slice(-2000)}`);
  // Dated by its start: whatever changed meanwhile is newer.
  writeFileSync(join(dist, ".built"), "");
  utimesSync(join(dist, ".built"), started, started);
  console.log(
    `dist: ${[...commands, "cooper"].join(", ")} bundled in ${((Date.now() - started.getTime()) / 1000).toFixed(1)} s`,
  );
}

await main();
