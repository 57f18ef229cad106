import { spawn } from "node:child_process";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { connect } from "node:net";
import type { Scope } from "../../kit/index.ts";
import type { Check } from "../contract.ts";

/** Where a check looks from. */
export interface CheckPlace {
  /** Runs a command in the container; resolves with its exit code. */
  exec(command: readonly string[], scope: Scope): Promise<number>;
  /** File of the pod's network namespace, when it has one. */
  readonly networkNamespace?: string | undefined;
}

/** Whether a check succeeds within `seconds`, as a kubelet sees it: a command ends with 0, a port answers, a page has a status below 400. */
export async function succeeds(check: Check, seconds: number, place: CheckPlace, scope: Scope): Promise<boolean> {
  const signal = AbortSignal.any([scope.signal, AbortSignal.timeout(Math.max(1, seconds) * 1000)]);
  try {
    if (check.kind === "exec") return (await place.exec(check.command, { ...scope, signal })) === 0;
    if (place.networkNamespace !== undefined) return await fromNamespace(place.networkNamespace, check, signal);
    return await (check.kind === "tcp" ? connects(check, signal) : answers(check, signal));
  } catch {
    scope.signal.throwIfAborted();
    return false;
  }
}

type NetworkCheck = Exclude<Check, { readonly kind: "exec" }>;

function connects({ host, port }: NetworkCheck, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** A kubelet does not look at certificates either. */
function answers(check: NetworkCheck & { readonly kind: "http" }, signal: AbortSignal): Promise<boolean> {
  const { host, port, path, tls, headers } = check;
  const request = tls ? tlsRequest : plainRequest;
  return new Promise((resolve) => {
    const options = { host, port, path, signal, headers: Object.fromEntries(headers), rejectUnauthorized: false };
    const asked = request(options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400);
    });
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

/** The same in a process that has joined the namespace. */
const program = `
const { kind, host, port, path, tls, headers } = JSON.parse(process.argv[1]);
const end = (good) => process.exit(good ? 0 : 1);
const asked = kind === "tcp"
  ? require("node:net").connect({ host, port }, () => end(true))
  : require(tls ? "node:https" : "node:http").get(
      { host, port, path, headers: Object.fromEntries(headers), rejectUnauthorized: false },
      ({ statusCode }) => end(statusCode >= 200 && statusCode < 400));
asked.on("error", () => end(false));`;

function fromNamespace(file: string, check: NetworkCheck, signal: AbortSignal): Promise<boolean> {
  const words = [`--net=${file}`, process.execPath, "--no-warnings", "-e", program, JSON.stringify(check)];
  return new Promise((resolve) => {
    const child = spawn("nsenter", words, { stdio: "ignore", signal, killSignal: "SIGKILL" });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}
