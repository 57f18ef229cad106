import { expect, test } from "vitest";
import { CooperError } from "../../kit/index.ts";
import { errorReport } from "./error-report.ts";
import { excerpt } from "./excerpt.ts";

const place = (text: string, ...lines: readonly [number, number][]) => ({
  filename: "Dockerfile",
  data: Buffer.from(text),
  ranges: lines.map(([start, end]) => ({ start: { line: start }, end: { line: end } })),
});
const rule = "-".repeat(20);

test("an excerpt has the lines around, and arrows at the place", () => {
  const text = "FROM busybox\nRUN echo one && echo two >&2\nRUN exit 42\nRUN never\n";
  expect(excerpt(place(text, [3, 3]))).toBe(
    [
      "Dockerfile:3",
      rule,
      "   1 |     FROM busybox",
      "   2 |     RUN echo one && echo two >&2",
      "   3 | >>> RUN exit 42",
      "   4 |     RUN never",
      "   5 |     ",
      rule,
      "",
    ].join("\n"),
  );
});

test("a place of several lines has fewer around it, one beyond the end is cut", () => {
  const text = "1\n2\n3\n4\n5\n6\n7\n8";
  expect(excerpt(place(text, [4, 5]))).toContain("\n   3 |     3\n   4 | >>> 4\n   5 | >>> 5\n   6 |     6\n---");
  expect(excerpt(place("1\n2", [2, 9]))).toBe(`Dockerfile:2\n${rule}\n   1 |     1\n   2 | >>> 2\n${rule}\n`);
  expect(excerpt(place("1", [7, 7]))).toBe("");
  expect(excerpt(place("1"))).toBe("");
});

test("a report shows the place once, the sentence, and what to do", () => {
  const details = {
    kind: "source",
    source: { filename: "D", data: Buffer.from("RUNN x") },
    ranges: [{ start: { line: 1 }, end: { line: 1 } }],
  };
  const inner = new CooperError("frontend/parse", "unknown instruction: RUNN", { details, hint: "did you mean RUN?" });
  const outer = new CooperError("client/solve-failed", `failed to solve: ${inner.message}`, {
    cause: inner,
    details,
    hint: "did you mean RUN?",
  });
  expect(errorReport(outer, false)).toBe(
    `D:1\n${rule}\n   1 | >>> RUNN x\n${rule}\nerror: failed to solve: unknown instruction: RUNN\nhint: did you mean RUN?\n`,
  );
  expect(errorReport(outer, true)).toContain("excerpt.test.ts");
  expect(errorReport("text", false)).toBe("error: text\n");
});
