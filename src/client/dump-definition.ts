import { goQuote, sha256 } from "../kit/index.ts";
import { goStruct } from "../llb/index.ts";
import { goJson } from "../oci/index.ts";
import { decode, pb } from "../wire/index.ts";

/** One vertex of a definition, as it was received. */
interface DumpedOp {
  readonly op: pb.Op;
  readonly digest: string;
  readonly metadata: pb.OpMetadata;
}

/** A marshalled definition as a line of JSON for each vertex; upstream's names and order. Throws `wire/malformed`. */
export function definitionJson(bytes: Uint8Array): string {
  const lines = opsOf(bytes).map(({ op, digest, metadata }) => {
    const line = { Op: goStruct(pb.Op, op), Digest: digest, OpMetadata: goStruct(pb.OpMetadata, metadata) };
    return `${goJson(line)}\n`;
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
