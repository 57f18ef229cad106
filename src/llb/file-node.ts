import { CooperError, cleanPath } from "../kit/index.ts";
import { caps } from "./caps.ts";
import { addInput } from "./exec-node.ts";
import {
  locationsOf,
  type MarshalContext,
  type MarshalledNode,
  metadataOf,
  type Node,
  type Output,
  onlyOutput,
  type VertexOptions,
} from "./node.ts";
import type { CopyAction, FileAction, FileStep, Input, InputIndex, MkdirAction, MkfileAction, Owner } from "./op.ts";

/** Who shall own what is made; names are looked up in the tree that is changed. */
export type OwnerSpec = { readonly user?: string | number; readonly group?: string | number };

/** A copy's source: a tree, and the directory that relative paths count from. */
export interface CopySource {
  readonly output: Output | undefined;
  readonly dir: string;
}

export type FileActionSpec =
  | (Omit<MkdirAction, "owner"> & { readonly owner?: OwnerSpec | undefined })
  | (Omit<MkfileAction, "owner"> & { readonly owner?: OwnerSpec | undefined })
  | (Omit<CopyAction, "owner"> & { readonly owner?: OwnerSpec | undefined; readonly source: CopySource });

/** One or more actions, each on the result of the one before. */
export type FileActions = readonly FileActionSpec[];

interface FileBase {
  readonly output: Output | undefined;
  readonly dir: string;
}

/** The node of file actions; its one output is the tree that they make. */
export class FileNode implements Node {
  readonly output: Output;
  readonly #base: FileBase;
  readonly #actions: FileActions;
  readonly #options: VertexOptions;

  constructor(base: FileBase, actions: FileActions, options: VertexOptions) {
    this.#base = base;
    this.#actions = actions;
    this.#options = options;
    this.output = onlyOutput(this);
  }

  /** The base, then the sources from the last action to the first. */
  inputs(): readonly Output[] {
    const sources = this.#actions.toReversed().map((action) => ("source" in action ? action.source.output : undefined));
    return [...new Set([this.#base.output, ...sources].filter((output) => output !== undefined))];
  }

  marshal(context: MarshalContext): MarshalledNode {
    if (this.#actions.length === 0) throw new CooperError("llb/invalid", "action is required");
    const inputs: Input[] = [];
    const base = addInput(inputs, context.inputOf(this.#base.output));
    const sources = this.#actions.map((action) =>
      "source" in action ? addInput(inputs, context.inputOf(action.source.output)) : undefined,
    );
    const last = this.#actions.length - 1;
    const steps = this.#actions.map(
      (action, at): FileStep => ({
        input: at === 0 ? base : inputs.length + at - 1,
        secondaryInput: sources[at],
        output: at === last ? 0 : undefined,
        action: bindAction(action, this.#base.dir, base),
      }),
    );
    return {
      op: { inputs, workerFilters: [], body: { kind: "file", actions: steps } },
      metadata: metadataOf(this.#options, [caps.fileBase]),
      locations: locationsOf(this.#options),
    };
  }
}

function bindAction(spec: FileActionSpec, dir: string, base: InputIndex): FileAction {
  const { owner: ownerSpec, ...rest } = spec;
  const owner = ownerSpec === undefined ? {} : { owner: bindOwner(ownerSpec, base) };
  if (rest.kind !== "copy") return { ...rest, path: absolute(dir, rest.path, false), ...owner };
  const { source, ...copy } = rest;
  const from = cleanPath(copy.src);
  const src = from.startsWith("/") ? from : cleanPath(`${source.dir}/${from}`);
  return { ...copy, src, dest: absolute(dir, copy.dest, true), ...owner };
}

function absolute(parent: string, path: string, keepSlash: boolean): string {
  let clean = cleanPath(path);
  if (!clean.startsWith("/")) clean = cleanPath(`/${parent}/${clean}`);
  if (!keepSlash) return clean;
  if (path.endsWith("/") && !clean.endsWith("/")) return `${clean}/`;
  if (path.endsWith("/.")) return clean === "/" ? "/." : `${clean}/.`;
  return clean;
}

function bindOwner(spec: OwnerSpec, input: InputIndex): Owner {
  const bind = (who: string | number) =>
    typeof who === "number" ? ({ kind: "id", id: who >>> 0 } as const) : ({ kind: "name", name: who, input } as const);
  return {
    ...(spec.user !== undefined && { user: bind(spec.user) }),
    ...(spec.group !== undefined && { group: bind(spec.group) }),
  };
}

/** `user`, `user:group`, by name or number; `root` is 0. */
export function parseOwner(text: string): OwnerSpec {
  const at = text.indexOf(":");
  const user = principal(at < 0 ? text : text.slice(0, at));
  return at < 0 ? { user } : { user, group: principal(text.slice(at + 1)) };
}

function principal(text: string): string | number {
  if (text === "root") return 0;
  const id = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (id >= -(2 ** 31) && id < 2 ** 31) return id;
  // An empty name is user 0 on the wire.
  return text === "" ? 0 : text;
}
