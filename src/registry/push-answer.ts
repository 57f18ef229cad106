import { CooperError } from "../kit/index.ts";
import { failureOf } from "./failure.ts";
import type { HttpResponse } from "./http.ts";

/** Refuses an answer that says that the registry stored something else. */
export function checkAnswerDigest(response: HttpResponse, expected: string): void {
  const got = response.header("docker-content-digest");
  if (got === undefined || got === expected || !got.startsWith("sha256:")) return;
  response.close();
  throw new CooperError("registry/bad-answer", `got digest ${got.slice(0, 100)}, expected ${expected}`);
}

/** True when sending again may help: also when the upload's session was lost on the way (404 and 416 of an upload address). */
export function isTransient(error: unknown): boolean {
  const failure = failureOf(error);
  return failure?.transient === true || failure?.status === 404 || failure?.status === 416;
}
