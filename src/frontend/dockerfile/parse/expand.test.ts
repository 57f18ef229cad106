import { describe, expect, it } from "vitest";
import { expandInstruction } from "./expand.ts";
import { instructionsOf } from "./testing.ts";

const expanded = (line: string) => {
  const [instruction] = instructionsOf(line);
  if (instruction === undefined) throw new Error("no instruction");
  return expandInstruction(
    instruction,
    (word) => `<${word}>`,
    (word) => `{${word}}`,
  );
};

describe("expandInstruction()", () => {
  it.each([
    ["ENV a=b", { env: [{ key: "<a>", value: "<b>" }] }],
    ["LABEL a b", { labels: [{ key: "<a>", value: "<b>", noDelim: true }] }],
    [
      "COPY --chown=u --from=f --exclude=e a /b",
      { chown: "<u>", chmod: "<>", from: "f", excludePatterns: ["e"], sourcePaths: ["<a>"], destPath: "</b>" },
    ],
    ["ADD --checksum=c a /b", { checksum: "<c>", sourcePaths: ["<a>"] }],
    ["COPY <<E <<'F' /b\n1\nE\n2\nF", { sourceContents: [{ data: "{1\n}" }, { data: "2\n" }] }],
    ["WORKDIR a", { path: "<a>" }],
    ["USER a", { user: "<a>" }],
    ["VOLUME a b", { volumes: ["<a>", "<b>"] }],
    ["STOPSIGNAL 9", { signal: "<9>" }],
    ["RUN --mount=target=/a x", { mounts: [{ target: "</a>" }], cmdLine: ["x"] }],
    ["ARG a=b", { args: [{ key: "a", value: "b" }] }],
    ["EXPOSE a", { ports: ["a"] }],
    ["CMD a", { cmdLine: ["a"] }],
  ])("%j", (line, expected) => expect(expanded(line)).toMatchObject(expected));
});
