import type { Scope } from "../kit/index.ts";
import type { Vertex } from "./contract.ts";

/** The vertex and all that it needs, each once, inputs before those who use them; without what is `known` and what that needs. */
export function inputsFirst<R, S extends Scope>(
  target: Vertex<R, S>,
  known: (vertex: Vertex<R, S>) => boolean,
): Vertex<R, S>[] {
  const sorted: Vertex<R, S>[] = [];
  const seen = new Set<Vertex<R, S>>();
  const stack: { readonly vertex: Vertex<R, S>; next: number }[] = [];
  const visit = (vertex: Vertex<R, S>) => {
    if (seen.has(vertex) || known(vertex)) return;
    seen.add(vertex);
    stack.push({ vertex, next: 0 });
  };
  visit(target);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.vertex.inputs[top.next++];
    if (input !== undefined) visit(input.vertex);
    else {
      sorted.push(top.vertex);
      stack.pop();
    }
  }
  return sorted;
}
