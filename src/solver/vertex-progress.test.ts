import { expect, test } from "vitest";
import { advance } from "./vertex-progress.ts";

test("overlapping runs are told as one", () => {
  const first = advance({ kind: "waiting" }, { type: "started" });
  const second = advance(first.state, { type: "started" });
  const third = advance(second.state, { type: "completed", cached: false, failed: false });
  const last = advance(third.state, { type: "completed", cached: true, failed: false });
  expect([first.tell, second.tell, third.tell, last.tell]).toEqual([true, false, false, true]);
  expect(last.state).toEqual({ kind: "ended", cached: true, failed: false });
});

test("a vertex may run again after it ended (resolved first, pulled later)", () => {
  const move = advance({ kind: "ended", cached: false, failed: false }, { type: "started" });
  expect(move).toEqual({ state: { kind: "running", runs: 1 }, tell: true });
});

test("nobody may complete what did not start", () => {
  expect(() => advance({ kind: "waiting" }, { type: "completed", cached: false, failed: false })).toThrow(TypeError);
});
