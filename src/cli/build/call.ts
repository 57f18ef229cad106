import { CooperError, suggest } from "../../kit/index.ts";

/** How the answer to a question to the frontend is printed, and whether what it found decides the exit code. */
export interface CallFormat {
  readonly format: "text" | "json";
  readonly exitWithStatus: boolean;
}

const requests: Readonly<Record<string, string>> = {
  check: "frontend.lint",
  lint: "frontend.lint",
  outline: "frontend.outline",
  targets: "frontend.targets",
  describe: "frontend.subrequests.describe",
  convertllb: "frontend.convertllb",
};

/**
 * Upstream's `requestid=frontend.lint`, and the friendlier `call=check[,format=json]`, ask the frontend a question. Gives
 * the options to send.
 */
export function subrequestOf(options: Readonly<Record<string, string>>): {
  readonly options: Record<string, string>;
  readonly call: CallFormat | undefined;
} {
  const { call = "", ...rest } = options;
  const [name = "", ...attributes] = call.split(",");
  if (name === "" || name === "build") {
    if (rest.requestid === undefined) return { options: rest, call: undefined };
    return { options: asking(rest, rest.requestid), call: { format: "text", exitWithStatus: false } };
  }
  const request = requests[name];
  if (request === undefined) {
    const near = suggest(name, Object.keys(requests));
    const hint = near === undefined ? `the calls are ${Object.keys(requests).join(", ")}` : `did you mean ${near}?`;
    throw new CooperError("cli/bad-value", `invalid opt: unknown call ${JSON.stringify(name)}`, { hint });
  }
  // A graph has no other form.
  const format = name === "convertllb" || attributes.includes("format=json") ? "json" : "text";
  return { options: asking(rest, request), call: { format, exitWithStatus: true } };
}

function asking(options: Record<string, string>, requestid: string): Record<string, string> {
  return { "frontend.caps": "moby.buildkit.frontend.subrequests", ...options, requestid };
}

/** What to print of the frontend's answer, and the exit code. */
export function answerOf(
  metadata: ReadonlyMap<string, Uint8Array>,
  call: CallFormat,
): { readonly text: string; readonly exitCode: number } {
  const text = (key: string) => {
    const value = metadata.get(key);
    return value === undefined ? undefined : Buffer.from(value).toString("utf8");
  };
  const wanted = call.format === "json" ? text("result.json") : text("result.txt");
  const rest = [...metadata.keys()].filter((key) => key.startsWith("result."));
  const status = call.exitWithStatus ? Number(text("result.statuscode") ?? "0") : 0;
  return {
    text: wanted ?? rest.map((key) => `${key}\n${text(key)}\n`).join(""),
    exitCode: Number.isInteger(status) ? status : 0,
  };
}
