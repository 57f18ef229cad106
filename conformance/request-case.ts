import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dockerfileFrontend } from "../src/frontend/index.ts";
import { messageOf, quietScope } from "../src/kit/index.ts";
import { type Case, readCases } from "./case.ts";
import { StubBridge } from "./stub-bridge.ts";

/** A recorded question about a Dockerfile: `frontend.lint`, `.outline`, `.targets` or `.convertllb`. */
export interface RequestCase extends Case {
  readonly request: string;
  /** Recorded `result.json`, `result.txt`; "" when the request failed. */
  readonly json: string;
  readonly text: string;
}

/** The cases of `conformance/requests/KIND`. */
export function readRequestCases(kind: "lint" | "outline" | "targets" | "convertllb"): RequestCase[] {
  return readCases(join(import.meta.dirname, "requests", kind)).map((found) => {
    const read = (file: string) => {
      const path = join(found.dir, file);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    const json = read("result.json");
    const buildError: unknown = json === "" ? undefined : JSON.parse(json).buildError?.message;
    // The stub knows from the recorded error which images are missing.
    const error = typeof buildError === "string" ? buildError : found.expected.error;
    const expected = { ...found.expected, error };
    return { ...found, expected, request: `frontend.${kind}`, json, text: read("result.txt") };
  });
}

/** What the frontend answers, as recorded cases have it (`result.json` ends with a newline there). */
export async function askFrontend(recorded: RequestCase): Promise<{ json: string; text: string; error?: string }> {
  const bridge = new StubBridge(recorded);
  const request = bridge.request();
  const options = { ...request.options, requestid: recorded.request };
  try {
    const { metadata } = await dockerfileFrontend.solve({ ...request, options }, bridge, quietScope);
    const value = (key: string) => Buffer.from(metadata.get(key) ?? []).toString("utf8");
    return { json: `${value("result.json")}\n`, text: value("result.txt") };
  } catch (error) {
    return { json: "", text: "", error: messageOf(error) };
  }
}
