import type { SolveStatus } from "../../../client/index.ts";

/** A line of upstream's `--progress=rawjson` as the status that it was printed from, in milliseconds. For tests only. */
export function readStatus(line: string): SolveStatus {
  return JSON.parse(line, (key, value) => {
    if (["started", "completed", "timestamp"].includes(key)) return new Date(value);
    if (key === "data" || key === "short") return Buffer.from(value, "base64");
    if (key === "detail") return value.map((text: string) => Buffer.from(text, "base64"));
    if (key === "start" || key === "end") return { line: 0, character: 0, ...value };
    return value;
  });
}
