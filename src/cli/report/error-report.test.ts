import { expect, test } from "vitest";
import { CooperError } from "../../kit/index.ts";
import { errorReport } from "./error-report.ts";

const rule = "-".repeat(20);

test("a report shows the place once, the sentence, and what to do", () => {
  const details = {
    kind: "source",
    source: { filename: "D", data: Buffer.from("RUNN x") },
    ranges: [{ start: { line: 1 }, end: { line: 1 } }],
  };
  const inner = new CooperError("dockerfile/unknown-instruction", "unknown instruction: RUNN", {
    details,
    hint: "did you mean RUN?",
  });
  const outer = new CooperError("client/solve-failed", `failed to solve: ${inner.message}`, {
    cause: inner,
    details,
    hint: "did you mean RUN?",
  });
  expect(errorReport(outer, false)).toBe(
    `D:1\n${rule}\n   1 | >>> RUNN x\n${rule}\nerror: failed to solve: unknown instruction: RUNN\nhint: did you mean RUN?\n`,
  );
  const debugged = errorReport(outer, true);
  expect(debugged).toMatch(/^\[client\/solve-failed\] \w+: failed to solve/m);
  expect(debugged).toMatch(/^caused by: \[dockerfile\/unknown-instruction\] /m);
  expect(debugged).toContain("error-report.test.ts");
  expect(errorReport("text", false)).toBe("error: text\n");
});
