import type { DefinitionVertex, FileAction } from "../llb/index.ts";

/** Names made of names grow with every merge; nobody reads more than this. */
const longestName = 4096;

/** What progress calls a vertex: its custom name, else what upstream makes of the op. `nameOf` gives the names of its inputs. */
export function opName(vertex: DefinitionVertex, nameOf: (input: number) => string): string {
  const name = wholeName(vertex, nameOf);
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name;
}

function wholeName({ op, metadata }: DefinitionVertex, nameOf: (input: number) => string): string {
  const custom = metadata.description.get("llb.customname");
  if (custom !== undefined && custom !== "") return custom;
  const { body } = op;
  switch (body.kind) {
    case "source":
      return body.identifier;
    case "exec":
      return body.meta.args.join(" ");
    case "file":
      return body.actions.map(({ action }) => actionName(action)).join(", ");
    case "build":
      return "build";
    case "merge":
      return `merge (${op.inputs.map((_, index) => nameOf(index)).join(", ")})`;
    case "diff":
      return `diff ${sideName(body.lower, nameOf)} -> ${sideName(body.upper, nameOf)}`;
    case "passthrough":
      return `passthrough ${body.id}`;
  }
}

function sideName(input: number | undefined, nameOf: (input: number) => string): string {
  return input === undefined ? "scratch" : `(${nameOf(input)})`;
}

function actionName(action: FileAction): string {
  switch (action.kind) {
    case "copy":
      return `copy ${action.src} ${action.dest}`;
    case "symlink":
      return `symlink ${action.newPath} -> ${action.oldPath}`;
    default:
      return `${action.kind} ${action.path}`;
  }
}
