/**
 * The bundle behind upstream's commands is several *packs*, files that are loaded when something in them is first needed: a start
 * pays for every function that its files hold, called or not. Every module is in one pack only, so there is one of each class.
 *
 * A pack has the modules that its roots import, and what those import, as far as no earlier pack has them. So a pack imports
 * statically from earlier ones only; what it takes from there it *borrows*, by name, when it is loaded. Dynamic imports
 * into another pack load that.
 */
import { join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

interface Pack {
  readonly name: string;
  /** What a pack is loaded for: modules that are imported dynamically, and the entry. The last pack takes what is left. */
  readonly roots: readonly string[];
}

export const packs: readonly Pack[] = [
  {
    // What every build needs that finds its steps in the cache or only copies files.
    name: "main",
    roots: [
      "src/cli/index.ts",
      "src/cli/build/run.ts",
      "src/engine/index.ts",
      "src/export/archive-exporter.ts",
      "src/export/image-exporter.ts",
      "src/export/layers.ts",
      "src/frontend/index.ts",
      "src/ops/file/run-actions.ts",
      "src/registry/index.ts",
    ],
  },
  { name: "toml", roots: ["node_modules/smol-toml/dist/index.js"] },
  {
    // RUN.
    name: "steps",
    roots: [
      "src/executor/chroot/chroot-executor.ts",
      "src/executor/index.ts",
      "src/executor/oci-container.ts",
      "src/ops/exec/run-exec.ts",
    ],
  },
  {
    // Builds at a daemon.
    name: "remote",
    roots: [
      "src/cli/remote/address.ts",
      "src/client/remote/helper-command.ts",
      "src/client/remote/index.ts",
      "src/grpc/index.ts",
    ],
  },
  { name: "yaml", roots: ["node_modules/yaml/dist/index.js"] },
  { name: "more", roots: [] },
];

/** Which pack has a module, by its path from the top. */
export type PackOf = ReadonlyMap<string, string>;

/** Gives every module of the graph to the first pack whose roots come to it by static imports. Throws for a root that is not there. */
export function assignPacks(graph: Metafile): PackOf {
  const packOf = new Map<string, string>();
  const take = (pack: string, module: string) => {
    if (packOf.has(module)) return;
    packOf.set(module, pack);
    for (const { path, kind, external } of graph.inputs[module]?.imports ?? []) {
      if (kind !== "dynamic-import" && !external && graph.inputs[path] !== undefined) take(pack, path);
    }
  };
  for (const { name, roots } of packs) {
    for (const root of roots) {
      if (graph.inputs[root] === undefined) throw new Error(`tools/packs.ts: nothing imports ${root}`);
      take(name, root);
    }
  }
  const last = packs.at(-1)?.name ?? "";
  for (const module of Object.keys(graph.inputs)) take(last, module);
  return packOf;
}

/** Modules that other packs import, dynamically or not, by the pack that has them. */
function importedModules(
  graph: Metafile,
  packOf: PackOf,
  dynamically: boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  const imported = new Map<string, Set<string>>();
  for (const [module, { imports }] of Object.entries(graph.inputs)) {
    for (const { path, kind } of imports) {
      const theirs = packOf.get(path);
      if ((kind === "dynamic-import") !== dynamically || theirs === undefined) continue;
      if (theirs !== packOf.get(module)) addTo(imported, theirs, path);
    }
  }
  return imported;
}

/** The names that each of these modules exports. (esbuild knows those that a module hands on only when it bundles.) */
async function exportedNames(
  root: string,
  modules: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...modules],
    outdir: "/none",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // Where node_modules is a link, its files are still called so.
    preserveSymlinks: true,
    packages: "external",
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const outputs = Object.values(metafile.outputs);
  return new Map(outputs.flatMap(({ entryPoint, exports }) => (entryPoint ? [[entryPoint, exports] as const] : [])));
}

/** The packs' modules, and what they take from each other. */
export interface Partition {
  readonly root: string;
  readonly packOf: PackOf;
  readonly opened: ReadonlyMap<string, ReadonlySet<string>>;
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** `path#name`, by `lender>borrower`: known of packs that have been made, and the last is made first. */
  readonly borrowed: Map<string, Set<string>>;
}

/** Parts everything behind the commands into packs. */
export async function partition(root: string): Promise<Partition> {
  const graph = await moduleGraph(root);
  const packOf = assignPacks(graph);
  const lent = [...importedModules(graph, packOf, false).values()].flatMap((modules) => [...modules]);
  const names = await exportedNames(root, lent);
  return { root, packOf, opened: importedModules(graph, packOf, true), names, borrowed: new Map() };
}

/** How a pack's entry is named for esbuild. */
export function packEntry(name: string): string {
  return `pack:${name}`;
}

/** For making one pack: its entry, and what stands in for modules of other packs. */
export function packPlugin(pack: string, parts: Partition): Plugin {
  const { root, packOf, names, borrowed } = parts;
  const own = new Set([...packOf].flatMap(([module, name]) => (name === pack ? [module] : [])));
  const sources: Record<string, (path: string) => string> = {
    pack: () => entrySource(pack, parts),
    lend: (path) => lendSource(borrowed.get(path) ?? new Set()),
    far: (path) => `module.exports = __pack("${packOf.get(path)}").open["${path}"]();`,
    lent: (path) => borrowSource(path, packOf.get(path) ?? "", pack, names.get(path)),
  };
  return {
    name: "packs",
    setup(setup) {
      setup.onResolve({ filter: /^(pack|lend):/ }, ({ path }) => {
        const [namespace, name = ""] = path.split(":");
        return { path: name, ...(namespace !== undefined && { namespace }) };
      });
      for (const [namespace, source] of Object.entries(sources)) {
        setup.onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: source(path), resolveDir: root }));
      }
      const elsewhere = (module: string, kind: string) => {
        if (own.has(module)) return undefined;
        return { path: module, namespace: kind === "dynamic-import" ? "far" : "lent", sideEffects: false };
      };
      // Imports of ours name files; asking esbuild about each would take a second.
      setup.onResolve({ filter: /^\./, namespace: "file" }, ({ path, kind, resolveDir }) => {
        if (resolveDir.includes("node_modules")) return undefined;
        return elsewhere(relative(root, join(resolveDir, path)), kind);
      });
      setup.onResolve({ filter: /^[^./]/, namespace: "file" }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === "asked" || path.startsWith("node:")) return undefined;
        const found = await setup.resolve(path, { kind, resolveDir, pluginData: "asked" });
        return found.external ? found : (elsewhere(relative(root, found.path), kind) ?? found);
      });
    },
  };
}

/** A pack's own exports: what the commands call (in the first), modules for others' dynamic imports, and what it lends. */
function entrySource(pack: string, { borrowed, opened }: Partition): string {
  const open = [...(opened.get(pack) ?? [])].map((path) => `"${path}": () => require("./${path}")`);
  const lends = [...borrowed.keys()].filter((key) => key.startsWith(`${pack}>`));
  const lend = lends.map((key) => `"${key.slice(pack.length + 1)}": () => require("lend:${key}").default`);
  const commands = pack === packs[0]?.name ? `export * from "./src/cli/index.ts";\n` : "";
  return `${commands}export const open = { ${open.join(", ")} };\nexport const lend = { ${lend.join(", ")} };\n`;
}

/** The values that one pack lends another. They are final: all modules that have them have run. */
function lendSource(keys: ReadonlySet<string>): string {
  const imports: string[] = [];
  const entries: string[] = [];
  for (const [index, key] of [...keys].entries()) {
    const [path, name] = key.split("#");
    imports.push(`import { ${name} as v${index} } from "./${path}";`);
    entries.push(`"${key}": v${index}`);
  }
  return `${imports.join("\n")}\nexport default { ${entries.join(", ")} };\n`;
}

/** Stands in for a module of an earlier pack. Names that nobody here uses fall away (`@__PURE__`). */
function borrowSource(path: string, theirs: string, pack: string, names: readonly string[] | undefined): string {
  if (names === undefined) throw new Error(`tools/packs.ts: "${pack}" cannot borrow from ${path}`);
  const exports = names.map((name) => {
    const value = `/* @__PURE__ */ borrow("${path}#${name}")`;
    return name === "default" ? `export default ${value};` : `export const ${name} = ${value};`;
  });
  return `const lent = __pack("${theirs}").lend["${pack}"]();\nconst borrow = (key) => lent[key];\n${exports.join("\n")}\n`;
}

/** Notes what a pack that has been made borrows: the names that are left in its text. */
export function noteBorrowed(text: string, pack: string, { packOf, borrowed }: Partition): void {
  for (const [, key = ""] of text.matchAll(/borrow\d*\("([^"#]+#[^"]+)"\)/g)) {
    addTo(borrowed, `${packOf.get(key.slice(0, key.indexOf("#")))}>${pack}`, key);
  }
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

/** Everything behind the commands, as one graph. */
async function moduleGraph(root: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, "src/cli/index.ts")],
    outdir: "/none",
    bundle: true,
    format: "cjs",
    platform: "node",
    // Where node_modules is a link, its files are still called so.
    preserveSymlinks: true,
    external: ["koffi"],
    metafile: true,
    write: false,
    logLevel: "error",
  });
  return metafile;
}
