import { sha256 } from "../../kit/index.ts";
import { decode, encode, pb } from "../../wire/index.ts";

/** The op that is to stand in the place of one; undefined: it stays. */
export type ChangeOp = (op: pb.Op, bytes: Uint8Array) => pb.Op | undefined;

/**
 * The definition with other ops in it. Whatever uses a changed op gets a new digest; what belongs to a digest (metadata, places in the source)
 * goes along. Bytes of what does not change stay as they came.
 */
export function rewriteDefinition(definition: Uint8Array, change: ChangeOp): Uint8Array {
  const { def, metadata, source } = decode(pb.Definition, definition);
  const renamed = new Map<string, string>();
  const changed = new Map<string, Uint8Array>();
  const ops = new Map(def.map((bytes) => [sha256(bytes) as string, bytes]));
  for (const digest of inputsFirst(ops)) {
    const bytes = ops.get(digest) ?? new Uint8Array();
    const next = rewritten(bytes, change, renamed);
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

function rewritten(bytes: Uint8Array, change: ChangeOp, renamed: ReadonlyMap<string, string>): Uint8Array {
  const op = decode(pb.Op, bytes);
  const next = change(op, bytes);
  const moved = op.inputs.some(({ digest }) => renamed.has(digest));
  if (next === undefined && !moved) return bytes;
  const inputs = op.inputs.map((input) => ({ ...input, digest: renamed.get(input.digest) ?? input.digest }));
  return encode(pb.Op, { ...(next ?? op), inputs });
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
