import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";

/**
 * Refuses `--source-policy-file`: a policy that is not enforced must not be accepted. A file that cannot be read or is no
 * JSON is told first.
 */
export function checkSourcePolicy(path: string, cwd: string): void {
  if (path === "") return;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), "utf8");
  } catch (cause) {
    const reasons: Record<string, string> = { ENOENT: "no such file or directory", EISDIR: "is a directory" };
    const verb = errnoOf(cause) === "EISDIR" ? "read" : "open";
    throw new CooperError("cli/bad-value", `${verb} ${path}: ${reasons[errnoOf(cause) ?? ""] ?? messageOf(cause)}`);
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new CooperError(
      "cli/bad-value",
      `failed to unmarshal source-policy-file ${JSON.stringify(path)}: ${messageOf(cause)}`,
    );
  }
  throw new CooperError("cli/not-supported", "--source-policy-file is not supported yet");
}
