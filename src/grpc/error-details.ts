import { decode, pb, toJson } from "../wire/index.ts";
import * as errdefs from "./gen/errdefs.ts";
import type { RpcStatus } from "./rpc-error.ts";

type Detail = RpcStatus["details"][number];

/** What `details` of our errors can be, as far as upstream has a type for it. */
export type ErrorDetail =
  | SourceDetails
  | { readonly kind: "exit"; readonly code: number }
  | {
      readonly kind: "vertex";
      readonly vertex: string;
      readonly op?: Uint8Array;
      readonly description?: ReadonlyMap<string, string>;
    }
  | { readonly kind: "file-action"; readonly index: number }
  | {
      readonly kind: "solve";
      readonly op: Uint8Array;
      readonly description: ReadonlyMap<string, string>;
      readonly inputIds: readonly string[];
      readonly mountIds: readonly string[];
      readonly subject?: { readonly kind: "file" | "cache"; readonly index: number };
    }
  | { readonly kind: "frontend-capability"; readonly name: string }
  | { readonly kind: "subrequest"; readonly name: string }
  | {
      readonly kind: "incomplete-materials";
      readonly materials: readonly object[];
    }
  | { readonly kind: "denied"; readonly messages: readonly string[] };

interface SourceDetails {
  readonly kind: "source";
  readonly source: {
    readonly filename: string;
    readonly data: Uint8Array;
    readonly language?: string;
    readonly definition?: { readonly definition: Uint8Array };
  };
  readonly ranges: readonly { readonly start: Position; readonly end: Position }[];
  readonly unsent?: boolean;
  readonly more?: readonly SourceDetails[];
}
interface Position {
  readonly line: number;
  readonly character: number;
}

/** Upstream's typed detail (a containerd typeurl with Go's JSON of the message) for one of ours; none for what it has no type for. */
export function errorDetail(details: ErrorDetail): readonly Detail[] {
  switch (details.kind) {
    case "source":
      return details.unsent === true ? [] : [details, ...(details.more ?? [])].map(sourceDetail);
    case "exit":
      return [detail("gatewayapi.ExitMessage", { Code: details.code })];
    case "vertex":
      return [detail("errdefs.Vertex", { digest: details.vertex })];
    case "solve":
      return [detail("errdefs.Solve", failedSolve(details))];
    case "denied": {
      const denyMessages = details.messages.map((message) => ({ message }));
      return [detail("policysession.DecisionResponse", { action: "DENY", denyMessages })];
    }
    case "incomplete-materials":
      return [detail("errdefs.ProvenanceMaterialsIncomplete", { incomplete: details.materials })];
    case "frontend-capability":
      return [detail("errdefs.FrontendCap", { name: details.name })];
    case "subrequest":
      return [detail("errdefs.Subrequest", { name: details.name })];
    default:
      return [];
  }
}

/** The op that failed and which of its actions, out of what a chain of errors carries; upstream's is there even when it says nothing. */
export function solveDetail(carried: readonly (ErrorDetail | undefined)[]): Detail {
  const vertex = carried.find((one) => one?.kind === "vertex");
  const action = carried.find((one) => one?.kind === "file-action");
  const solve = toJson(errdefs.Solve, {
    ...(vertex?.op && { op: decode(pb.Op, vertex.op) }),
    ...(vertex?.description && { description: vertex.description }),
    ...(action && { subject: { case: "file", value: { index: BigInt(action.index) } } }),
  });
  return detail("errdefs.Solve", solve);
}

function failedSolve({ op, description, inputIds, mountIds, subject }: ErrorDetail & { readonly kind: "solve" }) {
  return toJson(errdefs.Solve, {
    inputIDs: inputIds,
    mountIDs: mountIds,
    op: decode(pb.Op, op),
    description,
    ...(subject && { subject: { case: subject.kind, value: { index: BigInt(subject.index) } } }),
  });
}

/** Which frontend it was that failed; of one in an image, which image. */
export function frontendDetail(name: string, source = ""): Detail {
  return detail("errdefs.Frontend", { name, ...(source !== "" && { source }) });
}

/** Where the error was thrown: clients show it with `--debug`. */
export function stackDetail(error: Error | undefined): readonly Detail[] {
  const frames = [...(error?.stack ?? "").matchAll(/^ +at (?:(.*?) \()?(?:file:\/\/)?([^()\n]*?):(\d+):\d+\)?$/gm)];
  if (frames.length === 0) return [];
  const named = frames.slice(0, 32).map(([, name = "<anonymous>", file = "", line]) => {
    return { Name: name, File: file, Line: Number(line) };
  });
  return [detail("stack.Stack", { frames: named, cmdline: process.argv, pid: process.pid })];
}

/** Go leaves out what is zero. */
function sourceDetail({ source, ranges }: SourceDetails): Detail {
  const position = ({ line, character }: Position) => ({ line, ...(character !== 0 && { character }) });
  return detail("errdefs.Source", {
    info: {
      filename: source.filename,
      data: Buffer.from(source.data).toString("base64"),
      ...(source.definition && { definition: definitionJson(source.definition.definition) }),
      ...(source.language && { language: source.language }),
    },
    ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })),
  });
}

/** Go's names, which are not protobuf's JSON names; of the metadata what is plain text. */
function definitionJson(bytes: Uint8Array) {
  const { def, metadata } = decode(pb.Definition, bytes);
  const plain = [...metadata].map(([digest, { description, caps, ignoreCache }]) => {
    const about = {
      ignore_cache: ignoreCache,
      description: Object.fromEntries(description),
      caps: Object.fromEntries(caps),
    };
    return [digest, about] as const;
  });
  return { def: def.map((op) => Buffer.from(op).toString("base64")), metadata: Object.fromEntries(plain) };
}

function detail(type: string, value: unknown): Detail {
  return { typeUrl: `github.com/moby/buildkit/${type}+json`, value: Buffer.from(JSON.stringify(value)) };
}
