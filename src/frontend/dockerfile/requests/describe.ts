import { alignColumns } from "./columns.ts";
import { type RequestResult, requestResult } from "./result.ts";

interface RequestDescription {
  readonly name: string;
  readonly description: string;
  readonly opts?: readonly { readonly name: string; readonly description: string }[];
}

/** Upstream leaves `frontend.lint` out of this list, and so do we. */
const requests: readonly RequestDescription[] = [
  {
    name: "frontend.outline",
    description: "List all parameters current build target supports",
    opts: [{ name: "target", description: "Target build stage" }],
  },
  { name: "frontend.targets", description: "List all targets current build supports", opts: [] },
  { name: "frontend.subrequests.describe", description: "List available subrequest types" },
];

/** The answer to `frontend.subrequests.describe`. */
export function describeResult(): RequestResult {
  const results = ["result.json", "result.txt"].map((name) => ({ name, description: "" }));
  const json = requests.map(({ name, description, opts }) => ({
    name,
    version: "1.0.0",
    type: "rpc",
    description,
    opts: opts ?? null,
    inputs: null,
    metadata: results,
    refs: null,
  }));
  const lines = requests.map(({ name, description }) => `${name.replace("frontend.", "")}\t1.0.0\t${description}`);
  return requestResult(json, alignColumns(["NAME\tVERSION\tDESCRIPTION", ...lines], 1));
}
