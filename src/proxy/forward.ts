import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  Agent as PlainAgent,
  request as plainRequest,
  type ServerResponse,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Digest, Hasher, messageOf } from "../kit/index.ts";
import { type RequestRecord, shownUrl } from "./request-record.ts";

/** Headers between two neighbours (RFC 9110, 7.6.1), and the old one of proxies. */
const perConnection = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The address that may be asked instead, or the same one. Throws when none may. */
export type AllowRequest = (url: string, method: string) => Promise<string>;

/**
 * Sends a step's request on to where it wants to, when that is allowed, and the answer back as it comes. Bodies are not kept: what is
 * recorded is the digest of what passed. Never throws.
 */
export async function forward(
  url: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  allow: AllowRequest,
  record: RequestRecord,
): Promise<void> {
  const method = incoming.method ?? "GET";
  const target = await allowedTarget(url, method, allow);
  if (target === undefined) return refuse(response, 403, "Forbidden\n");
  const shown = shownUrl(target.href);
  let answer: IncomingMessage;
  try {
    answer = await ask(target, method, incoming, response);
  } catch (error) {
    record.add({ method, url: shown, status: 502 });
    record.incomplete.push({ method, url: shown, reason: "upstream_error" });
    return refuse(response, 502, `${messageOf(error)}\n`);
  }
  const status = answer.statusCode ?? 502;
  const redirectedTo = redirectOf(answer, target);
  record.add({ method, url: shown, status, ...(redirectedTo !== undefined && { redirectedTo }) });
  const digest = await passBack(answer, response);
  const reason = incompleteness(method, incoming, status, digest === undefined);
  if (reason !== undefined) record.incomplete.push({ method, url: shown, reason });
  else if (status >= 200 && status < 300 && digest !== undefined) record.addMaterial(shown, digest);
}

async function allowedTarget(url: string, method: string, allow: AllowRequest): Promise<URL | undefined> {
  try {
    const shown = shownUrl(url);
    const allowed = await allow(shown, method);
    return new URL(allowed === shown ? url : allowed);
  } catch {
    return undefined;
  }
}

function redirectOf({ headers: { location } }: IncomingMessage, from: URL): string | undefined {
  return location !== undefined && URL.canParse(location, from) ? shownUrl(new URL(location, from).href) : undefined;
}

/** The digest of what passed; undefined when it broke off. */
async function passBack(answer: IncomingMessage, response: ServerResponse): Promise<Digest | undefined> {
  const hasher = new Hasher();
  const seen = new Transform({
    transform: (chunk: Buffer, _, done) => {
      hasher.update(chunk);
      done(null, chunk);
    },
  });
  try {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOn(answer));
    await pipeline(answer, seen, response);
    return hasher.finish();
  } catch {
    response.destroy();
    return undefined;
  }
}

/** Upstream's reasons, in its order. */
function incompleteness(
  method: string,
  { headers }: IncomingMessage,
  status: number,
  broken: boolean,
): string | undefined {
  if (method !== "GET") return "method_not_materializable";
  if (headers.range !== undefined || status === 206) return "partial_response";
  if (broken) return "body_read_failed";
  return status >= 400 ? "unsuccessful_response" : undefined;
}

function ask(url: URL, method: string, incoming: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const agent = secure ? new SecureAgent({ keepAlive: false }) : new PlainAgent({ keepAlive: false });
  const { "accept-encoding": _, ...headers } = passedOn(incoming);
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? secureRequest : plainRequest)(url, {
      method,
      agent,
      headers: { ...headers, host: url.host },
    });
    outgoing.once("response", resolve);
    outgoing.on("error", (error) => {
      // What is still to come of the request is of no use, but to take its connection away would take the answer away, too.
      incoming.unpipe(outgoing);
      incoming.resume();
      reject(error);
    });
    // Who asked is gone: nobody waits for the answer.
    response.once("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
}

function passedOn({ headers }: IncomingMessage): OutgoingHttpHeaders {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...perConnection, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(text);
}
