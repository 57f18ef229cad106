import type { IncomingMessage } from "node:http";
import { type Bytes, bytesOf, CooperError, type Scope, sleep, userAgent } from "../../../kit/index.ts";
import { httpCall, isTransient, jsonOf, textOf } from "../objects/http.ts";

export interface ActionsCall {
  readonly method: "GET" | "POST" | "PATCH";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly size: number; readonly open: () => Bytes };
  /** May be sent again when nobody knows whether it has arrived. */
  readonly repeatable: boolean;
}

/** What the service says of a call that it refused. */
export interface Refusal {
  readonly kind: "actions";
  readonly status: number;
  /** The key is taken. */
  readonly exists: boolean;
}

const attempts = 4;
const firstPause = 1000;
const longestPause = 90_000;

/** Calls with the token. Throws `export/gha-failed` with a `Refusal`, `registry/unreachable`. */
export class ActionsHttp {
  readonly #token: string;
  readonly #timeout: number;
  /** Who is told to slow down holds up all others, too. */
  #pause = 0;
  #notBefore = 0;

  /** `timeout`: how long a call may be held up, in milliseconds. */
  constructor(token: string, timeout: number) {
    this.#token = token;
    this.#timeout = timeout;
  }

  /** The answer, as text. */
  async call(call: ActionsCall, scope: Scope): Promise<string> {
    const latest = Date.now() + this.#timeout;
    for (let attempt = 1; ; ) {
      await this.#wait(latest, scope);
      try {
        const answer = await this.#once(call, scope);
        this.#pause = 0;
        return answer;
      } catch (error) {
        scope.signal.throwIfAborted();
        if (error instanceof SlowDown) {
          this.#holdUp(error, latest);
          continue;
        }
        if (!call.repeatable || attempt >= attempts || !isTransient(error)) throw error;
        await sleep(Math.random() * 400 * 2 ** attempt++, scope.signal);
      }
    }
  }

  async #wait(latest: number, { signal }: Scope): Promise<void> {
    for (let left = this.#notBefore - Date.now(); left > 0; left = this.#notBefore - Date.now()) {
      if (Date.now() + left > latest) throw failed("maximum timeout reached", 429);
      await sleep(left, signal);
    }
  }

  #holdUp({ seconds, reason }: SlowDown, latest: number): void {
    this.#pause = Math.min(longestPause, this.#pause === 0 ? firstPause : this.#pause * 2);
    const wait = seconds === undefined ? this.#pause : seconds * 1000;
    if (Date.now() + wait > latest) {
      const asked = `requested delay ${(wait / 1000).toFixed(2)}s exceeds maximum timeout ${this.#timeout / 1000}s`;
      throw failed(`${seconds === undefined ? "maximum timeout reached" : asked}: ${reason}`, 429);
    }
    this.#notBefore = Math.max(this.#notBefore, Date.now() + wait);
  }

  async #once({ method, url, headers = {}, body }: ActionsCall, scope: Scope): Promise<string> {
    const all = {
      ...headers,
      authorization: `Bearer ${this.#token}`,
      "user-agent": userAgent,
      ...(body !== undefined && { "content-length": String(body.size) }),
    };
    const response = await httpCall({ method, url, headers: all, open: body?.open }, scope);
    const { statusCode: status = 0 } = response;
    const text = await textOf(response);
    if (status >= 200 && status < 300) return text;
    const error = refusalOf(status, response.statusMessage ?? "", text);
    if (status === 429) throw new SlowDown(secondsOf(response), error.message);
    throw error;
  }
}

/** A body of JSON, and what says so. */
export function jsonBody(value: unknown): Pick<ActionsCall, "headers"> & Required<Pick<ActionsCall, "body">> {
  const bytes = Buffer.from(JSON.stringify(value));
  const body = { size: bytes.byteLength, open: () => bytesOf(bytes) };
  return { headers: { "content-type": "application/json" }, body };
}

class SlowDown extends Error {
  readonly seconds: number | undefined;
  readonly reason: string;
  constructor(seconds: number | undefined, reason: string) {
    super(reason);
    this.seconds = seconds;
    this.reason = reason;
  }
}

/** `Retry-After`: seconds, or a time. */
function secondsOf({ headers }: IncomingMessage): number | undefined {
  const text = headers["retry-after"]?.trim() ?? "";
  if (/^[+-]?\d+$/.test(text)) return Math.max(0, Number(text));
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, (time - Date.now()) / 1000);
}

/** Version 1 tells `message` and `typeKey`, version 2 (Twirp) `code` and `msg`. */
function refusalOf(status: number, statusText: string, text: string): CooperError {
  const json = jsonOf(text.replace(/^\ufeff/, ""));
  if (json === undefined) return failed(`failed to parse error response ${status}: ${text.slice(0, 1000)}`, status);
  const { message = "", typeKey = "", code = "", msg = "" } = json as Readonly<Record<string, unknown>>;
  const words = [message, [code, msg].filter((part) => part !== "").join(": ")].find((part) => part !== "");
  const exists =
    code === "already_exists" || /AlreadyExists/.test(String(typeKey)) || /already exists/i.test(`${words}`);
  const sentence = words === undefined ? `unknown error ${status} ${statusText}: ${text.slice(0, 1000)}` : `${words}`;
  return failed(sentence, status, exists || status === 409);
}

export function failed(sentence: string, status: number, exists = false): CooperError {
  const details: Refusal = { kind: "actions", status, exists };
  return new CooperError("export/gha-failed", sentence, { details });
}

/** The call was refused since the key is taken. */
export function saysExists(error: unknown): boolean {
  const details = error instanceof CooperError ? (error.details as Partial<Refusal> | undefined) : undefined;
  return details?.kind === "actions" && details.exists === true;
}
