import { goQuote, sha256 } from "../kit/index.ts";
import { decode, type MessageType, pb } from "../wire/index.ts";

/** One vertex of a definition, as it was received. */
interface DumpedOp {
  readonly op: pb.Op;
  readonly digest: string;
  readonly metadata: pb.OpMetadata | undefined;
}

/** A marshalled definition as a line of JSON for each vertex; upstream's names and order. Throws `wire/malformed`. */
export function definitionJson(bytes: Uint8Array): string {
  const lines = opsOf(bytes).map(({ op, digest, metadata }) => {
    const described = metadata === undefined ? "null" : messageJson(pb.OpMetadata, metadata);
    return `{"Op":${messageJson(pb.Op, op)},"Digest":${quoted(digest)},"OpMetadata":${described}}\n`;
  });
  return lines.join("");
}

/** The same as a graph in Graphviz's language. */
export function definitionDot(bytes: Uint8Array): string {
  const ops = opsOf(bytes);
  const nodes = ops.map(({ op, digest }) => {
    const [label, shape] = look(op, digest);
    return `  ${goQuote(digest)} [label=${goQuote(label)} shape=${goQuote(shape)}];\n`;
  });
  const edges = ops.flatMap(({ op, digest }) =>
    op.inputs.map((input, at) => {
      const label = goQuote(mountOf(op, at));
      return `  ${goQuote(input.digest)} -> ${goQuote(digest)} [label=${label}];\n`;
    }),
  );
  return `digraph {\n${nodes.join("")}${edges.join("")}}\n`;
}

function opsOf(bytes: Uint8Array): readonly DumpedOp[] {
  const definition = decode(pb.Definition, bytes);
  return definition.def.map((one) => {
    const digest = sha256(one);
    const none = decode(pb.OpMetadata, new Uint8Array());
    return { op: decode(pb.Op, one), digest, metadata: definition.metadata.get(digest) ?? none };
  });
}

/** Fields whose names have underscores in the protocol. */
const underscored = new Set([
  ...["proxyEnv", "ignoreCache", "exportCache", "progressGroup", "linuxResources", "httpProxy", "httpsProxy"],
  ...["ftpProxy", "noProxy", "allProxy", "includePatterns", "excludePatterns", "requiredPaths"],
]);
/** Unions that JSON shows under a name of their own; of a user by number the number's name differs. */
const unions: Readonly<Record<string, string>> = { op: "Op", action: "Action", user: "User" };
const always = new Set(["FileAction.input", "FileAction.secondaryInput", "FileAction.output"]);

/** As Go's encoder writes the generated struct: fields in order, without those that are empty. */
function messageJson(type: MessageType<unknown>, value: unknown): string {
  const record = value as Readonly<Record<string, unknown>>;
  const short = type.name.split(".").at(-1) ?? "";
  const parts: string[] = [];
  const shownUnions = new Set<string>();
  for (const field of type.fields) {
    if (field.oneof !== undefined) {
      if (shownUnions.has(field.oneof)) continue;
      shownUnions.add(field.oneof);
      parts.push(`${quoted(unions[field.oneof] ?? field.oneof)}:${unionJson(type, record[field.oneof])}`);
      continue;
    }
    const one = record[field.name];
    if (isEmpty(one) && !always.has(`${short}.${field.name}`)) continue;
    const name = underscored.has(field.name) ? snake(field.name) : (field.json ?? field.name);
    parts.push(`${quoted(name)}:${valueJson(field.type, one)}`);
  }
  return `{${ordered(short, parts).join(",")}}`;
}

/** A file action's numbers stand before what it does, an op's inputs before it and its platform after. */
function ordered(type: string, parts: string[]): string[] {
  if (type !== "Op") return parts;
  const rank = (part: string) =>
    ["inputs", "Op", "platform", "constraints"].findIndex((name) => part.startsWith(`"${name}"`));
  return parts.sort((a, b) => rank(a) - rank(b));
}

function unionJson(type: MessageType<unknown>, union: unknown): string {
  const chosen = union as { readonly case: string; readonly value: unknown } | undefined;
  const field = type.fields.find((one) => one.name === chosen?.case);
  // Upstream's own JSON does not know this one.
  if (chosen === undefined || field === undefined || chosen.case === "symlink") return "{}";
  if (isEmpty(chosen.value)) return "{}";
  return `{${quoted(chosen.case === "byID" ? "byId" : chosen.case)}:${valueJson(field.type, chosen.value)}}`;
}

function valueJson(type: MessageType<unknown>["fields"][number]["type"], value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => valueJson(type, one)).join(",")}]`;
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${quoted(key)}:${valueJson(type, one)}`).join(",")}}`;
  }
  if (value instanceof Uint8Array) return quoted(Buffer.from(value).toString("base64"));
  if (typeof type === "function") return messageJson(type(), value);
  return typeof value === "string" ? quoted(value) : String(value);
}

function isEmpty(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return value === undefined || value === "" || value === 0 || value === 0n || value === false;
}

/** Go's JSON escapes what HTML would read. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function look({ op }: pb.Op, digest: string): readonly [label: string, shape: string] {
  switch (op?.case) {
    case "source":
      return [op.value.identifier, "ellipse"];
    case "exec":
      return [(op.value.meta?.args ?? []).join(" "), "box"];
    case "build":
      return ["build", "box3d"];
    case "merge":
      return ["merge", "invtriangle"];
    case "diff":
      return ["diff", "doublecircle"];
    case "file":
      return [op.value.actions.map(actionLabel).join(","), "note"];
    default:
      return [digest, "plaintext"];
  }
}

function actionLabel({ action }: pb.FileAction): string {
  if (action === undefined) return "";
  switch (action.case) {
    case "copy":
      return `copy{src=${action.value.src}, dest=${action.value.dest}}`;
    case "symlink":
      return `symlink{oldpath=${action.value.oldpath}, newpath=${action.value.newpath}}`;
    default:
      return `${action.case}{path=${action.value.path}}`;
  }
}

/** Where a step mounts its input with that number; nothing is said of its root. */
function mountOf({ op }: pb.Op, input: number): string {
  if (op?.case !== "exec") return "";
  return op.value.mounts.findLast((mount) => Number(mount.input) === input && mount.dest !== "/")?.dest ?? "";
}
