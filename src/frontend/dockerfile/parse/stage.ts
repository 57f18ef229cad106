import { goQuote } from "../../../kit/index.ts";
import { docComment } from "./commands.ts";
import { readFlags } from "./flags.ts";
import type { InstructionBase, Stage } from "./instruction.ts";
import { invalid } from "./messages.ts";
import type { LineNode } from "./node.ts";

/** A FROM line as a stage without instructions. Throws `dockerfile/invalid` without a place. */
export function readFrom(node: LineNode, base: InstructionBase): Stage {
  const stageName = readStageName(node.args);
  const flags = readFlags(node.flags, { platform: "string" });
  return {
    ...base,
    kind: "from",
    baseName: node.args[0] ?? "",
    stageName,
    platform: flags.string("platform"),
    docComment: docComment(node.comments, stageName),
    instructions: [],
  };
}

function readStageName(args: readonly string[]): string {
  const [, as = "", name = ""] = args;
  if (args.length === 3 && as.toLowerCase() === "as") {
    const stageName = name.toLowerCase();
    if (/^[a-z][a-z0-9-_.]*$/.test(stageName)) return stageName;
    const reason = "name can't start with a number or contain symbols";
    throw invalid(`invalid name for build stage: ${goQuote(name)}, ${reason}`, name);
  }
  if (args.length !== 1) throw invalid("FROM requires either one or three arguments");
  return "";
}
