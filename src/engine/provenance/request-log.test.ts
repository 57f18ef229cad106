import { expect, it } from "vitest";
import type { AskedRequest } from "../../provenance/index.ts";
import type { EngineEdge } from "../graph.ts";
import { RequestLog } from "./request-log.ts";

const asked = (frontend: string): AskedRequest => ({ frontend, options: {}, inputs: new Map() });
const edge = (): EngineEdge => ({ vertex: {} as EngineEdge["vertex"], output: 0 });

it("knows who had an edge solved, however deep, and what the build as a whole was asked", () => {
  const root = { ...asked(""), options: { a: "b" } };
  const top = new RequestLog(undefined, root);
  const outer = top.child(asked("dockerfile.v0"));
  const inner = outer.child(asked("gateway.v0"));
  const [one, two] = [edge(), edge()];
  outer.solved.add(one);
  inner.solved.add(two);
  expect([top.originOf(one), top.originOf(two), top.originOf(edge())]).toEqual([outer, inner, undefined]);
  expect([...top.all()]).toEqual([top, outer, inner]);
  expect(inner.root).toBe(root);
});

it("where the build was asked for nothing, the first question to a frontend stands for it", () => {
  const top = new RequestLog(undefined, asked(""));
  const outer = top.child(asked("dockerfile.v0"));
  expect(outer.root).toBeUndefined();
  expect(outer.child(asked("gateway.v0")).root).toEqual(asked("dockerfile.v0"));
});
