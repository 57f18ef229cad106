import { posix } from "node:path";
import type { StepMount } from "../../executor/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { ExecOp, Mount } from "../../llb/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { type OpenTree, openTree, selectPath } from "../open-tree.ts";
import { type TakenCaches, takeCaches } from "./cache-mount.ts";
import { ownCopy } from "./own-copy.ts";
import { SecretFiles } from "./secret-mount.ts";
import { forwardAgent } from "./ssh-mount.ts";

/** All that a step stands on. Disposal gives everything back; what was not committed is gone. */
export interface PreparedMounts extends AsyncDisposable {
  readonly rootfs: string;
  readonly readonlyRootfs: boolean;
  readonly mounts: readonly StepMount[];
  /** Where the tree of a bind or cache mount is on this machine, without its selector. */
  treeOf(mount: Mount): string | undefined;
  /** Ends the writing and stores the trees; the results in the order of the op's outputs. */
  commit(description: string): Promise<readonly Ref[]>;
  /** The same for a step that failed: every mount's tree as the step left it, for who wants to look. Caches are left alone. */
  commitFailed(description: string): Promise<readonly (Ref | undefined)[]>;
}

interface Preparing {
  readonly stack: AsyncDisposableStack;
  readonly inputs: readonly Ref[];
  readonly storage: Storage;
  readonly scope: OpScope;
  readonly cwd: string;
  readonly caches: TakenCaches;
  readonly secrets: SecretFiles;
  readonly outputs: Map<number, OpenTree>;
  readonly trees: Map<Mount, OpenTree>;
  readonly movesMounts: boolean;
}

/**
 * Opens the trees and makes the mounts of an exec. Waits for locked cache mounts. `movesMounts`: each mount is the step's own, as the executor
 * asks for (`Executor.movesMounts`): caches are taken alone, and what is read-only is copied. Throws `ops/no-secret`, `ops/no-ssh`, `ops/path-not-found`.
 */
export async function prepareMounts(
  body: Pick<ExecOp, "mounts"> & { readonly meta: Pick<ExecOp["meta"], "cwd"> & Partial<Pick<ExecOp["meta"], "args">> },
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
  movesMounts = false,
): Promise<PreparedMounts> {
  await using stack = new AsyncDisposableStack();
  const { args = [], cwd } = body.meta;
  const caches = stack.use(await takeCaches(body.mounts, inputs, storage, scope, { alone: movesMounts, args }));
  const secrets = stack.use(new SecretFiles(storage, !movesMounts));
  const [outputs, trees] = [new Map<number, OpenTree>(), new Map<Mount, OpenTree>()];
  const preparing: Preparing = { stack, inputs, storage, scope, cwd, caches, secrets, outputs, trees, movesMounts };
  const { root, mounts } = await openMounts(body.mounts, preparing);
  const held = stack.move();
  return {
    rootfs: root.path,
    readonlyRootfs: body.mounts.some((mount) => mount.dest === "/" && mount.readonly),
    mounts,
    treeOf: (mount) => trees.get(mount)?.path ?? caches.folderOf(mount),
    async commit(description) {
      const results: Ref[] = [];
      for (const [index, tree] of outputs) results[index] = await tree.commit(description);
      return results;
    },
    async commitFailed(description) {
      const left: (Ref | undefined)[] = [];
      for (const mount of body.mounts)
        left.push((await trees.get(mount)?.commit(description)) ?? inputOf(mount, inputs));
      return left;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** In the op's order; the root is no mount of the step's. */
async function openMounts(
  all: readonly Mount[],
  preparing: Preparing,
): Promise<{ readonly root: OpenTree; readonly mounts: readonly StepMount[] }> {
  let root: OpenTree | undefined;
  const mounts: StepMount[] = [];
  for (const mount of all) {
    if (mount.dest === "/") {
      root = await openMountedTree(mount, preparing);
      continue;
    }
    const made = await stepMount(mount, preparing);
    if (made !== undefined) mounts.push(made);
  }
  if (root === undefined) throw new CooperError("ops/bad-exec", "invalid exec op with no rootfs");
  return { root, mounts };
}

function inputOf({ input }: Mount, inputs: readonly Ref[]): Ref | undefined {
  return input === undefined ? undefined : inputs[input];
}

async function openMountedTree(mount: Mount, preparing: Preparing): Promise<OpenTree> {
  const { storage, scope, stack, outputs, trees } = preparing;
  const input = inputOf(mount, preparing.inputs);
  // A root that is not written to is still given a tree to write in: mount points are made there.
  const writable = mount.dest === "/" || input === undefined || !mount.readonly;
  const tree = stack.use(await openTree(input ?? { kind: "scratch" }, writable ? "writable" : "view", storage, scope));
  trees.set(mount, tree);
  if (mount.output !== undefined) outputs.set(mount.output, tree);
  return tree;
}

/** Undefined for what is optional and not there. */
async function stepMount(mount: Mount, preparing: Preparing): Promise<StepMount | undefined> {
  const { scope, stack, storage, inputs, caches, secrets, outputs } = preparing;
  const target = mount.dest.startsWith("/") ? mount.dest : posix.join("/", preparing.cwd, mount.dest);
  switch (mount.type.kind) {
    case "bind": {
      const tree = await openMountedTree(mount, preparing);
      const source = selectPath(tree.path, mount.selector);
      const own = preparing.movesMounts && mount.readonly;
      const path = own ? stack.use(await ownCopy(source, storage, scope)).path : source;
      return { kind: "bind", source: path, target, readonly: mount.readonly };
    }
    case "cache": {
      const input = inputOf(mount, inputs);
      if (mount.output !== undefined && input !== undefined) {
        outputs.set(mount.output, stack.use(await openTree(input, "view", storage, scope)));
      }
      const cache = caches.folderOf(mount);
      if (cache === undefined) return undefined;
      return { kind: "bind", source: selectPath(cache, mount.selector), target, readonly: mount.readonly };
    }
    case "tmpfs":
      return { kind: "tmpfs", target, ...(mount.type.size > 0 && { sizeBytes: mount.type.size }) };
    case "secret": {
      const file = await secrets.add(mount.type, scope);
      if (file === undefined) return undefined;
      const noexec = (mount.type.mode & 0o111) === 0 ? ["noexec"] : [];
      return { kind: "bind", source: file, target, readonly: true, options: ["nodev", "nosuid", ...noexec] };
    }
    case "ssh": {
      const agent = await forwardAgent(mount.type, storage, scope);
      if (agent === undefined) return undefined;
      return { kind: "bind", source: stack.use(agent).socket, target, readonly: mount.readonly };
    }
  }
}
