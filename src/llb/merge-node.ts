import { caps } from "./caps.ts";
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
import type { Input } from "./op.ts";
import { type State, scratch } from "./state.ts";

class MergeNode implements Node {
  readonly #inputs: readonly Output[];
  readonly #options: VertexOptions;
  constructor(inputs: readonly Output[], options: VertexOptions) {
    this.#inputs = inputs;
    this.#options = options;
  }

  inputs(): readonly Output[] {
    return this.#inputs;
  }

  marshal(context: MarshalContext): MarshalledNode {
    const inputs = this.#inputs.flatMap((output) => context.inputOf(output) ?? []);
    return {
      op: { inputs, workerFilters: [], body: { kind: "merge", inputs: inputs.map((_, at) => at) } },
      metadata: metadataOf(this.#options, [caps.mergeOp]),
      locations: locationsOf(this.#options),
    };
  }
}

/** All trees on top of each other, later ones winning, with the settings of the first. Scratch among them has no effect. */
export function merge(states: readonly State[], options: VertexOptions = {}): State {
  const [first, ...more] = states.filter(({ output }) => output !== undefined);
  if (first === undefined) return scratch();
  if (more.length === 0) return first;
  const outputs = [first, ...more].flatMap(({ output }) => output ?? []);
  return first.withOutput(onlyOutput(new MergeNode(outputs, options)));
}

class DiffNode implements Node {
  readonly #lower: Output;
  readonly #upper: Output | undefined;
  readonly #options: VertexOptions;
  constructor(lower: Output, upper: Output | undefined, options: VertexOptions) {
    this.#lower = lower;
    this.#upper = upper;
    this.#options = options;
  }

  inputs(): readonly Output[] {
    return this.#upper === undefined ? [this.#lower] : [this.#lower, this.#upper];
  }

  marshal(context: MarshalContext): MarshalledNode {
    const inputs: Input[] = [];
    const add = (output: Output | undefined) => {
      const input = context.inputOf(output);
      return input === undefined ? undefined : inputs.push(input) - 1;
    };
    const [lower, upper] = [add(this.#lower), add(this.#upper)];
    return {
      op: { inputs, workerFilters: [], body: { kind: "diff", lower, upper } },
      metadata: metadataOf(this.#options, [caps.diffOp]),
      locations: locationsOf(this.#options),
    };
  }
}

/** What has to be put on `lower` to make it `upper`. */
export function diff(lower: State, upper: State, options: VertexOptions = {}): State {
  if (lower.output === undefined) return upper;
  return lower.withOutput(onlyOutput(new DiffNode(lower.output, upper.output, options)));
}
