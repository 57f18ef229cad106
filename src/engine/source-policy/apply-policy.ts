import { prefixed, sha256 } from "../../kit/index.ts";
import type { Platform } from "../../oci/index.ts";
import { decode, encode, pb } from "../../wire/index.ts";
import type { SourceSpec } from "../contract.ts";
import type { SourceCheck } from "./source-check.ts";

/**
 * The definition with the sources that the policy wants. Whatever uses a replaced source gets a new digest; what belongs to
 * a digest (metadata, places in the source) goes along. Bytes of what does not change stay as they came. Throws what the
 * policy throws, with upstream's words before it.
 */
export async function applyPolicy(definition: Uint8Array, check: SourceCheck): Promise<Uint8Array> {
  const { def, metadata, source } = decode(pb.Definition, definition);
  const allowed = await checkedSources(def, check);
  const renamed = new Map<string, string>();
  const changed = new Map<string, Uint8Array>();
  const ops = new Map(def.map((bytes) => [sha256(bytes) as string, bytes]));
  for (const digest of inputsFirst(ops)) {
    const bytes = ops.get(digest) ?? new Uint8Array();
    const next = rewritten(bytes, allowed, renamed);
    if (next === bytes) continue;
    renamed.set(digest, sha256(next));
    changed.set(digest, next);
  }
  if (renamed.size === 0) return definition;
  const follow = <T>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([digest, value]) => [renamed.get(digest) ?? digest, value] as const));
  return encode(pb.Definition, {
    def: def.map((bytes) => changed.get(sha256(bytes)) ?? bytes),
    metadata: follow(metadata),
    ...(source && { source: { ...source, locations: follow(source.locations) } }),
  });
}

/** All sources are checked at the same time. What may be used, by the source's op. */
async function checkedSources(
  def: readonly Uint8Array[],
  check: SourceCheck,
): Promise<ReadonlyMap<Uint8Array, SourceSpec>> {
  const checked = def.map(async (bytes) => {
    const { op, platform } = decode(pb.Op, bytes);
    if (op?.case !== "source") return [];
    const use = await check(op.value, platform && plainPlatform(platform));
    const same = use.identifier === op.value.identifier && sameAttrs(use.attrs, op.value.attrs);
    return same ? [] : [[bytes, use] as const];
  });
  try {
    return new Map((await Promise.all(checked)).flat());
  } catch (error) {
    throw prefixed("error evaluating the source policy", error, "engine/bad-policy");
  }
}

function sameAttrs(a: SourceSpec["attrs"], b: SourceSpec["attrs"]): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function rewritten(
  bytes: Uint8Array,
  allowed: ReadonlyMap<Uint8Array, SourceSpec>,
  renamed: ReadonlyMap<string, string>,
): Uint8Array {
  const op = decode(pb.Op, bytes);
  const moved = op.inputs.some(({ digest }) => renamed.has(digest));
  const inputs = op.inputs.map((input) => ({ ...input, digest: renamed.get(input.digest) ?? input.digest }));
  if (op.op?.case !== "source") return moved ? encode(pb.Op, { ...op, inputs }) : bytes;
  const { value } = op.op;
  const use = allowed.get(bytes);
  if (use === undefined && !moved) return bytes;
  return encode(pb.Op, { ...op, inputs, op: { case: "source", value: { ...value, ...use } } });
}

function plainPlatform({ os, architecture, variant, osVersion, osFeatures }: pb.Platform): Platform {
  return {
    os,
    architecture,
    ...(variant !== "" && { variant }),
    ...(osVersion !== "" && { osVersion }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
}

/** Digests of all ops, each after those that it uses. Iterative: a chain may be long; a circle ends where it began. */
function inputsFirst(ops: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const first of ops.keys()) {
    const stack: { digest: string; inputs: string[] }[] = [];
    const enter = (digest: string) => {
      const bytes = ops.get(digest);
      if (bytes === undefined || seen.has(digest)) return;
      seen.add(digest);
      stack.push({ digest, inputs: decode(pb.Op, bytes).inputs.map((input) => input.digest) });
    };
    enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.inputs.pop();
      if (next !== undefined) enter(next);
      else {
        order.push(top.digest);
        stack.pop();
      }
    }
  }
  return order;
}
