import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Bytes, collect, isCooperError, type Scope } from "../../../kit/index.ts";
import { connectionError } from "../../../registry/index.ts";

/** No byte for this long means that the other side is gone. */
const idleMs = 60_000;
/** Of an answer that is no object: what went wrong, or where one is. */
const textLimit = 1024 * 1024;

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  /** With `content-length` when there is a body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly open?: (() => Bytes) | undefined;
}

/** Sends it, once. The answer must be read, or `resume`d. Throws `registry/unreachable`. */
export async function httpCall({ method, url, headers, open }: HttpCall, { signal }: Scope): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  // Nothing is kept alive: the process must be able to end. Proxies of the environment are honoured.
  const options = { keepAlive: false, proxyEnv: process.env };
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options);
  const outgoing = (secure ? secureRequest : plainRequest)(url, { method, headers, agent, signal });
  outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no byte for ${idleMs / 1000} s`)));
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
  // A server may answer before it has read everything: then its answer counts, not that the body did not get through.
  const sent = pipeline(Readable.from(open?.() ?? []), outgoing).then(() => answer);
  try {
    return await Promise.race([answer, sent]);
  } catch (error) {
    sent.catch(() => {});
    signal.throwIfAborted();
    throw connectionError(method, url, error);
  } finally {
    sent.catch(() => {});
  }
}

/** The answer as text; empty when there is too much of it, or it breaks off. */
export async function textOf(response: IncomingMessage): Promise<string> {
  return (await collect(response, textLimit, "the answer").catch(() => Buffer.alloc(0))).toString();
}

/** An error with `status` or `transient` in its details that may pass by itself. */
export function isTransient(error: unknown): boolean {
  if (!isCooperError(error)) return false;
  const { status, transient } = (error.details ?? {}) as { status?: number; transient?: boolean };
  return transient === true || status === 408 || status === 429 || (status !== undefined && status >= 500);
}

/** An answer that is a JSON object; undefined: it is none. */
export function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}
