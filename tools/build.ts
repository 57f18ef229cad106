/**
 * Bundles src/ into dist/: one small entry per command and the rooms behind it as chunks that load when they are needed.
 * Files that the code starts or reads beside itself, `new URL("./x.ts", import.meta.url)`, come along: .ts files as
 * entries of their own (worker threads), others as copies. Ends by filling V8's compile cache, so that also the first
 * start is a quick one.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const commands = ["buildctl", "buildctl-daemonless"];

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

async function bundle(entries: Record<string, string>, outdir: string): Promise<Set<string>> {
  const beside = new Set<string>();
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    external: ["koffi"],
    chunkNames: "[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [besideFiles((path) => beside.add(path)), lazyHeavyModules()],
  });
  return beside;
}

/** Bundles entries, then the files that they start beside themselves, until no new ones turn up. */
async function bundleAll(outdir: string): Promise<void> {
  let entries = Object.fromEntries(commands.map((name) => [name, join(root, "src/cli/entry", `${name}.ts`)]));
  const seen = new Set<string>();
  while (Object.keys(entries).length > 0) {
    const beside = await bundle(entries, outdir);
    const fresh = [...beside].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    for (const path of fresh.filter((path) => !path.endsWith(".ts"))) copyFileSync(path, join(outdir, basename(path)));
    const scripts = fresh.filter((path) => path.endsWith(".ts"));
    entries = Object.fromEntries(scripts.map((path) => [basename(path, ".ts"), path]));
  }
}

/**
 * Runs a small build twice, then each command, so that Node writes its compiled code beside the bundle: the first use of
 * a module decides what is kept of it. A machine that cannot build (no root) gets what its own first runs need.
 */
function warm(outdir: string): void {
  const folder = mkdtempSync(join(tmpdir(), "cooper-warm-"));
  try {
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    const local = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`, "--progress=plain"];
    const build = ["build", "--frontend=dockerfile.v0", ...local, "--output", `type=oci,dest=${folder}/image.tar`];
    const env = { ...process.env, BUILDKITD_FLAGS: `--root ${folder}/root --config ${folder}/none` };
    for (const args of [build, build, ["--version"], ["build", "--help"]]) {
      spawnSync(process.execPath, [join(outdir, "buildctl-daemonless.js"), ...args], { stdio: "ignore", env });
    }
    execFileSync(process.execPath, [join(outdir, "buildctl.js"), "--version"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // Node writes for its own user only, but every user may run the commands.
  const entries = readdirSync(join(outdir, "compiled"), { recursive: true, withFileTypes: true });
  for (const entry of entries) chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  chmodSync(join(outdir, "compiled"), 0o755);
}

async function main(): Promise<void> {
  const dist = join(root, "dist");
  const fresh = join(root, `.dist-${process.pid}`);
  const started = new Date();
  try {
    mkdirSync(fresh);
    await bundleAll(fresh);
    writeFileSync(join(fresh, "package.json"), '{ "type": "module" }\n');
    // Two renames, so that a command that starts now hardly ever finds no bundle.
    if (existsSync(dist)) renameSync(dist, `${fresh}.old`);
    renameSync(fresh, dist);
  } finally {
    for (const path of [fresh, `${fresh}.old`]) rmSync(path, { recursive: true, force: true });
  }
  warm(dist);
  // Dated by its start: whatever changed meanwhile is newer.
  writeFileSync(join(dist, ".built"), "");
  utimesSync(join(dist, ".built"), started, started);
  console.log(`dist: ${commands.join(", ")} bundled in ${((Date.now() - started.getTime()) / 1000).toFixed(1)} s`);
}

await main();
