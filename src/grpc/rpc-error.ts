import { CooperError, messageOf } from "../kit/index.ts";
import { decode, encode } from "../wire/index.ts";
import { Code } from "./code.ts";
import { Status } from "./gen/status.ts";

/** How a call ended, when not well. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  /** Typed details, as they came or as they go out. */
  readonly details: readonly { readonly typeUrl: string; readonly value: Uint8Array }[];
}

/** `details` of a CooperError `wire/status`. */
export interface RpcErrorDetails {
  readonly kind: "status";
  readonly status: RpcStatus;
}

/** The error that a call ends with on this side, and that a handler throws to end it so. */
export function rpcError(code: number, message: string, details: RpcStatus["details"] = [], cause?: unknown) {
  const carried: RpcErrorDetails = { kind: "status", status: { code, message, details } };
  return new CooperError("wire/status", message, { details: carried, cause });
}

/** The status that an error carries, or undefined. */
export function carriedStatus(error: unknown): RpcStatus | undefined {
  if (!(error instanceof CooperError) || error.code !== "wire/status") return undefined;
  return (error.details as RpcErrorDetails).status;
}

/** The status for anything thrown: what it carries, else UNKNOWN with its sentence. */
export function statusOf(error: unknown): RpcStatus {
  return carriedStatus(error) ?? { code: Code.UNKNOWN, message: messageOf(error), details: [] };
}

/** The trailers that tell a status. The message is percent-encoded, details go as `google.rpc.Status`. */
export function statusTrailers(status: RpcStatus): Record<string, string> {
  const trailers: Record<string, string> = { "grpc-status": String(status.code) };
  if (status.message !== "") trailers["grpc-message"] = percentEncode(status.message);
  if (status.details.length > 0) {
    trailers["grpc-status-details-bin"] = Buffer.from(encodeStatus(status)).toString("base64");
  }
  return trailers;
}

/** `google.rpc.Status`. */
export function encodeStatus(status: RpcStatus): Uint8Array {
  return encode(Status, status);
}

/** The status in trailers (or in the headers of a call that failed at once), or undefined when there is none. */
export function trailersStatus(headers: Readonly<Record<string, unknown>>): RpcStatus | undefined {
  const code = Number(headers["grpc-status"]);
  if (headers["grpc-status"] === undefined || !Number.isInteger(code)) return undefined;
  const plain = { code, message: percentDecode(String(headers["grpc-message"] ?? "")), details: [] };
  const typed = headers["grpc-status-details-bin"];
  if (typeof typed !== "string") return plain;
  try {
    const { message, details } = decode(Status, Buffer.from(typed, "base64"));
    return { code, message: message || plain.message, details };
  } catch {
    return plain;
  }
}

function percentEncode(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

function percentDecode(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === "%" ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at) & 0xff);
  }
  return Buffer.from(bytes).toString("utf8");
}
