import { prefixed } from "../../kit/index.ts";
import { platformFromWire } from "../../llb/index.ts";
import { decode, pb } from "../../wire/index.ts";
import type { SourceSpec } from "../contract.ts";
import { rewriteDefinition } from "./rewrite-definition.ts";
import type { SourceCheck } from "./source-check.ts";

/** The definition with the sources that the policy wants. Throws what the policy throws, with upstream's words before it. */
export async function applyPolicy(definition: Uint8Array, check: SourceCheck): Promise<Uint8Array> {
  const allowed = await checkedSources(decode(pb.Definition, definition).def, check);
  if (allowed.size === 0) return definition;
  return rewriteDefinition(definition, (op, bytes) => {
    const use = allowed.get(Buffer.from(bytes).toString("latin1"));
    if (use === undefined || op.op?.case !== "source") return undefined;
    return { ...op, op: { case: "source", value: { ...op.op.value, ...use } } };
  });
}

/** All sources are checked at the same time. What may be used, by the source's bytes as text. */
async function checkedSources(
  def: readonly Uint8Array[],
  check: SourceCheck,
): Promise<ReadonlyMap<string, SourceSpec>> {
  const checked = def.map(async (bytes) => {
    const { op, platform } = decode(pb.Op, bytes);
    if (op?.case !== "source") return [];
    const use = await check(op.value, platform && platformFromWire(platform));
    const same = use.identifier === op.value.identifier && sameAttrs(use.attrs, op.value.attrs);
    return same ? [] : [[Buffer.from(bytes).toString("latin1"), use] as const];
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
