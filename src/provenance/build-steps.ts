import { CooperError, type Digest, sha256 } from "../kit/index.ts";
import { goStruct } from "../llb/index.ts";
import { compareBytes } from "../oci/index.ts";
import { decode, pb } from "../wire/index.ts";

/** A definition as provenance tells it: its steps by number, inputs before those who use them, the head last. */
export interface BuildSteps {
  readonly steps: readonly object[];
  /** The number of each op, by the digest of its bytes. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** Steps of a definition; undefined for an empty one. Throws `provenance/bad-definition`. */
export function buildSteps(definition: pb.Definition | undefined): BuildSteps | undefined {
  if (definition === undefined || definition.def.length === 0) return undefined;
  const ops = new Map<string, pb.Op>();
  let head: Digest | undefined;
  for (const bytes of definition.def) {
    head = sha256(bytes);
    ops.set(head, withoutSession(decode(pb.Op, bytes)));
  }
  const top = ops.get(head as Digest) as pb.Op;
  if (top.op !== undefined || top.inputs.length !== 1) throw bad("last op: it must have one input and nothing else");
  const order = inputsFirst(head as Digest, ops);
  const numbers = new Map(order.map((digest, number) => [digest, number]));
  return { steps: order.map((digest, number) => step(number, ops.get(digest) as pb.Op, numbers)), numbers };
}

/** `step3` by digest, in the order of the digests. */
export function digestMapping({ numbers }: BuildSteps): ReadonlyMap<string, string> {
  const entries = [...numbers].map(([digest, number]) => [digest, `step${number}`] as const);
  return new Map(entries.sort(([a], [b]) => compareBytes(a, b)));
}

function step(number: number, op: pb.Op, numbers: ReadonlyMap<string, number>): object {
  const inputs = op.inputs.map(({ digest, index }) => `step${numbers.get(digest)}:${index}`);
  return { id: `step${number}`, op: goStruct(pb.Op, { ...op, inputs: [] }), ...(inputs.length > 0 && { inputs }) };
}

/** What is another one in each build says nothing. */
function withoutSession(op: pb.Op): pb.Op {
  if (op.op?.case !== "source") return op;
  const attrs = new Map(op.op.value.attrs);
  attrs.delete("local.session");
  attrs.delete("local.unique");
  return { ...op, op: { case: "source", value: { ...op.op.value, attrs } } };
}

/** Depth first from the head. Iterative, as a chain may be longer than the stack is deep. */
function inputsFirst(head: string, ops: ReadonlyMap<string, pb.Op>): string[] {
  const order: string[] = [];
  const seen = new Set([head]);
  const stack = [{ digest: head, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const op = ops.get(top.digest);
    if (op === undefined) throw bad(`failed to find input ${top.digest}`);
    const input = op.inputs[top.next++];
    if (input === undefined) {
      order.push(top.digest);
      stack.pop();
    } else if (!seen.has(input.digest)) {
      seen.add(input.digest);
      stack.push({ digest: input.digest, next: 0 });
    }
  }
  return order;
}

function bad(what: string): CooperError {
  return new CooperError("provenance/bad-definition", `cannot tell the steps of a build: ${what}`);
}
