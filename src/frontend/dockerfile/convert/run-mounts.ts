import { basePath, CooperError, cleanPath, goQuote, joinPath } from "../../../kit/index.ts";
import { caps, type RunMountOptions, type RunSecret, type RunSsh, type State, scratch } from "../../../llb/index.ts";
import { blame, type RunInstruction, type RunMount } from "../parse/index.ts";
import type { Conversion } from "./context.ts";
import type { StageState } from "./stage.ts";

export interface RunMounts {
  readonly mounts: readonly RunMountOptions[];
  readonly secrets: readonly RunSecret[];
  readonly ssh: readonly RunSsh[];
}

/** The `--mount` flags of a RUN; notes which paths of which stages they read. `sources` has one stage per mount. */
export function readRunMounts(
  stage: StageState,
  instruction: RunInstruction,
  sources: readonly StageState[],
  conversion: Conversion,
): RunMounts {
  const mounts: RunMountOptions[] = [];
  const secrets: RunSecret[] = [];
  const ssh: RunSsh[] = [];
  for (const [at, mount] of instruction.mounts.entries()) {
    const source = mount.from === "" && mount.type !== "cache" ? undefined : sources[at];
    if (source !== undefined && !source.dispatched) throw notYetBuilt(mount);
    if (mount.type === "secret") secrets.push(readSecret(stage, mount, instruction));
    else if (mount.type === "ssh") ssh.push(readSsh(stage, mount, instruction));
    else {
      mounts.push(readTree(stage, mount, source?.state ?? conversion.buildContext, conversion));
      const read = joinPath("/", mount.source);
      (source === undefined ? stage.contextPaths : source.paths).add(read);
    }
  }
  return { mounts, secrets, ssh };
}

function notYetBuilt(mount: RunMount): CooperError {
  const [from, target] = [goQuote(mount.from || "scratch"), goQuote(mount.target)];
  const sentence = `cannot mount from stage ${from} to ${target}, stage needs to be defined before current command`;
  return new CooperError("dockerfile/stage-order", sentence, blame(`from=${mount.from}`));
}

function readTree(stage: StageState, mount: RunMount, from: State, conversion: Conversion): RunMountOptions {
  const target = absoluteTarget(stage, mount.target);
  if (target === "/")
    throw new CooperError("dockerfile/bad-mount", `invalid mount target ${goQuote(target)}`, blameTarget(mount));
  const dropped = mount.type === "bind" && conversion.solver.supports(caps.execMountBindReadWriteNoOutput);
  const tree = mount.type === "tmpfs" ? scratch() : from;
  return {
    target,
    ...selected(mount, tree),
    ...(mount.readOnly ? { readonly: true } : { noOutput: dropped }),
    ...(mount.type === "tmpfs" && { tmpfs: { size: mount.sizeLimit } }),
    ...(mount.type === "cache" && { cache: { id: cacheId(mount, conversion), sharing: mount.sharing || "shared" } }),
  };
}

function blameTarget({ target }: RunMount) {
  return blame(...["target", "dst", "destination"].map((key) => `${key}=${target}`), "--mount");
}

function absoluteTarget(stage: StageState, target: string): string {
  return target.startsWith("/") ? target : joinPath("/", stage.state.dir, target);
}

/** The part of the tree that is mounted; a mount with an owner or mode starts from a directory made with them. */
function selected(mount: RunMount, tree: State): Pick<RunMountOptions, "source" | "selector"> {
  const path = joinPath("/", mount.source);
  if (path !== "/") return { source: tree.output, selector: path };
  const { uid, gid, mode } = mount;
  if (uid === undefined && gid === undefined && mode === undefined) return { source: tree.output };
  const owner = { user: uid ?? 0, group: gid ?? 0 };
  const permissions = (mode ?? 0o755) & 0o777;
  const action = {
    kind: "mkdir",
    path: "/cache",
    mode: permissions,
    makeParents: false,
    timestamp: undefined,
    owner,
  } as const;
  const options = { customName: "[internal] setting cache mount permissions" };
  return { source: tree.file([action], options).output, selector: "/cache" };
}

function cacheId(mount: RunMount, { options }: Conversion): string {
  return `${options.cacheNamespace}/${mount.id === "" ? cleanPath(mount.target) : mount.id}`;
}

function readSecret(stage: StageState, mount: RunMount, instruction: RunInstruction): RunSecret {
  const id = mount.source || mount.id || (mount.target === "" ? "" : basePath(mount.target));
  if (id === "")
    throw new CooperError(
      "dockerfile/bad-mount",
      "one of source, target required",
      blame("--mount=type=secret", "--mount"),
    );
  const file =
    mount.target !== "" ? mount.target : mount.env === undefined ? `/run/secrets/${basePath(id)}` : undefined;
  if (!stage.outline.secrets.has(id)) {
    stage.outline.secrets.set(id, { required: mount.required, location: instruction.location });
  }
  return { id, target: file, env: mount.env, ...fileOptions(mount, 0o400) };
}

function readSsh(stage: StageState, mount: RunMount, instruction: RunInstruction): RunSsh {
  if (mount.source !== "")
    throw new CooperError(
      "dockerfile/bad-mount",
      "ssh does not support source",
      blame(`source=${mount.source}`, `src=${mount.source}`),
    );
  const id = mount.id || "default";
  if (!stage.outline.ssh.has(id)) {
    stage.outline.ssh.set(id, { required: mount.required, location: instruction.location });
  }
  return { id: mount.id, target: mount.target, ...fileOptions(mount, 0o600) };
}

function fileOptions({ uid = 0, gid = 0, mode, required }: RunMount, defaultMode: number) {
  return { uid, gid, mode: mode ?? defaultMode, optional: !required };
}
