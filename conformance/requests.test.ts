import { describe, expect, it } from "vitest";
import { askFrontend, readRequestCases } from "./request-case.ts";

for (const kind of ["lint", "outline", "targets", "convertllb"] as const) {
  describe(`the Dockerfile frontend answers frontend.${kind} byte for byte as upstream`, () => {
    for (const recorded of readRequestCases(kind)) {
      it(recorded.name, async () => {
        const { json, text } = recorded;
        const failed = json === "" && { error: recorded.expected.error };
        expect(await askFrontend(recorded)).toEqual({ json, text, ...failed });
      });
    }
  });
}
