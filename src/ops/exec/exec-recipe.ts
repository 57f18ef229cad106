import { posix } from "node:path";
import { type Digest, sha256Fields } from "../../kit/index.ts";
import type { ExecOp, Mount, MountType } from "../../llb/index.ts";
import { hostPlatform } from "../../oci/index.ts";
import type { Recipe } from "../../solver/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { hashSelection, type Selection } from "../selection.ts";
import type { ExecVertex } from "./exec-op.ts";

/**
 * What counts for an exec's key: everything that the process is given, but for proxies, the addresses of extra hosts, resource limits,
 * and, as upstream has it, ids of cache mounts that the user chose. Secrets count by their id, never by value.
 */
export function execRecipe(body: ExecOp, vertex: ExecVertex, storage: Storage): Recipe<Ref, OpScope> {
  const inputs = Array.from({ length: vertex.inputCount }, (_, index) => index);
  const selections = inputs.map((index) => contentOf(body.mounts, index));
  return {
    digest: recipeDigest(body, vertex, selections),
    content: selections.map((selection) =>
      selection === undefined ? undefined : (input, scope) => hashSelection(input, selection, storage, scope),
    ),
    storable: true,
  };
}

function recipeDigest(
  body: ExecOp,
  vertex: ExecVertex,
  selections: readonly (readonly Selection[] | undefined)[],
): Digest {
  const { proxyEnv: _, extraHosts, ...meta } = body.meta;
  const counted = {
    meta: { ...meta, extraHosts: extraHosts.map(({ host }) => host) },
    mounts: body.mounts.map((mount) => ({ ...mount, type: countedType(mount) })),
    network: body.network,
    security: body.security,
    secretEnv: body.secretEnv,
    devices: body.devices,
    ...(body.proxyNetwork && { proxyNetwork: true }),
    platform: vertex.platform ?? hostPlatform(),
    selections,
  };
  return sha256Fields("exec 1", JSON.stringify(counted));
}

/** A cache's id and sharing do not change what the process makes, unless they are the Dockerfile's defaults (upstream's exception). */
function countedType({ type, dest }: Mount): MountType {
  if (type.kind !== "cache") return type;
  const plain = type.sharing === "shared" && (type.id === dest || type.id.slice(type.id.indexOf("/") + 1) === dest);
  return plain ? type : { ...type, id: "", sharing: "shared" };
}

/**
 * What of an input counts by content: its selected paths, when every mount of it is safe for that. It is when the process cannot
 * pass on anything else of the input: no output, read-only, or the whole input mounted. The root is left out: it is large.
 */
function contentOf(mounts: readonly Mount[], input: number): readonly Selection[] | undefined {
  const using = mounts.filter(
    (mount) => mount.input === input && (mount.type.kind === "bind" || mount.type.kind === "cache"),
  );
  if (using.length === 0 || !using.every(byContent)) return undefined;
  const paths = [...new Set(using.map(selectedPath))].sort();
  const outermost = paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(slashed(other))));
  return outermost.map((path) => ({ path, wildcard: false, followLinks: true, include: [], exclude: [] }));
}

function byContent(mount: Mount): boolean {
  const safe = mount.output === undefined || mount.readonly || selectedPath(mount) === "/";
  switch (mount.contentCache) {
    case "off":
      return false;
    case "on":
      return safe;
    case "default":
      return safe && mount.dest !== "/";
  }
}

function selectedPath(mount: Mount): string {
  return posix.join("/", mount.selector);
}

function slashed(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
