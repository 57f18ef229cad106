import { posix } from "node:path";
import type { StepMount } from "../../executor/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { ExecOp, Mount } from "../../llb/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { type OpenTree, openTree, selectPath } from "../open-tree.ts";
import { takeCaches } from "./cache-mount.ts";
import { SecretFiles } from "./secret-mount.ts";
import { forwardAgent } from "./ssh-mount.ts";

/** All that a step stands on. Disposal gives everything back; what was not committed is gone. */
export interface PreparedMounts extends AsyncDisposable {
  readonly rootfs: string;
  readonly readonlyRootfs: boolean;
  readonly mounts: readonly StepMount[];
  /** Ends the writing and stores the trees; the results in the order of the op's outputs. */
  commit(description: string): Promise<readonly Ref[]>;
}

interface Preparing {
  readonly stack: AsyncDisposableStack;
  readonly inputs: readonly Ref[];
  readonly storage: Storage;
  readonly scope: OpScope;
  readonly cwd: string;
  readonly outputs: Map<number, OpenTree>;
}

/** Opens the trees and makes the mounts of an exec. Waits for locked cache mounts. Throws `ops/no-secret`, `ops/no-ssh`, `ops/path-not-found`. */
export async function prepareMounts(
  body: ExecOp,
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
): Promise<PreparedMounts> {
  await using stack = new AsyncDisposableStack();
  const preparing: Preparing = { stack, inputs, storage, scope, cwd: body.meta.cwd, outputs: new Map() };
  const caches = await takeCaches(body.mounts, inputs, storage, scope);
  stack.use(caches);
  const secrets = stack.use(new SecretFiles(storage));
  let root: OpenTree | undefined;
  const mounts: StepMount[] = [];
  for (const mount of body.mounts) {
    if (mount.dest === "/") {
      root = await openMountedTree(mount, preparing);
      continue;
    }
    const made = await stepMount(mount, caches.folderOf(mount), secrets, preparing);
    if (made !== undefined) mounts.push(made);
  }
  if (root === undefined) throw new CooperError("ops/bad-exec", "invalid exec op with no rootfs");
  const readonlyRootfs = body.mounts.some((mount) => mount.dest === "/" && mount.readonly);
  return finished(root.path, readonlyRootfs, mounts, preparing.outputs, stack.move());
}

function finished(
  rootfs: string,
  readonlyRootfs: boolean,
  mounts: readonly StepMount[],
  outputs: ReadonlyMap<number, OpenTree>,
  held: AsyncDisposableStack,
): PreparedMounts {
  return {
    rootfs,
    readonlyRootfs,
    mounts,
    async commit(description) {
      const results: Ref[] = [];
      for (const [index, tree] of outputs) results[index] = await tree.commit(description);
      return results;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function openMountedTree(mount: Mount, preparing: Preparing): Promise<OpenTree> {
  const { inputs, storage, scope, stack, outputs } = preparing;
  const input: Ref | undefined = mount.input === undefined ? undefined : inputs[mount.input];
  // A root that is not written to is still given a tree to write in: mount points are made there.
  const writable = mount.dest === "/" || input === undefined || !mount.readonly;
  const tree = stack.use(await openTree(input ?? { kind: "scratch" }, writable ? "writable" : "view", storage, scope));
  if (mount.output !== undefined) outputs.set(mount.output, tree);
  return tree;
}

async function stepMount(
  mount: Mount,
  cache: string | undefined,
  secrets: SecretFiles,
  preparing: Preparing,
): Promise<StepMount | undefined> {
  const { scope, stack, storage, inputs, outputs } = preparing;
  const target = mount.dest.startsWith("/") ? mount.dest : posix.join("/", preparing.cwd, mount.dest);
  switch (mount.type.kind) {
    case "bind": {
      const tree = await openMountedTree(mount, preparing);
      return { kind: "bind", source: selectPath(tree.path, mount.selector), target, readonly: mount.readonly };
    }
    case "cache": {
      const input = mount.input === undefined ? undefined : inputs[mount.input];
      if (mount.output !== undefined && input !== undefined) {
        outputs.set(mount.output, stack.use(await openTree(input, "view", storage, scope)));
      }
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
