import { CooperError, isCooperError } from "../../kit/index.ts";
import { functions } from "./functions.ts";
import { badTemplate } from "./lex.ts";
import type { Node, Operand, Pipe } from "./parse.ts";
import { GoStruct, type GoValue, goText, isEmpty, isList, isMap } from "./value.ts";

/** Runs a template on a value. Throws `cli/bad-template`. */
export function execute(template: readonly Node[], data: GoValue): string {
  const out: string[] = [];
  run(template, { dot: data, variables: [["$", data]], out });
  return out.join("");
}

/** Names every function that a template calls, before anything is run. Throws `cli/bad-template` for an unknown one. */
export function checkFunctions(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if ("pipe" in node) checkPipe(node.pipe, node.line);
    if ("then" in node) {
      checkFunctions(node.then);
      checkFunctions(node.otherwise);
    }
  }
}

function checkPipe({ commands }: Pipe, line: number): void {
  for (const operand of commands.flat()) {
    if (operand.kind === "pipe") checkPipe(operand.pipe, line);
    if (operand.kind === "function" && !Object.hasOwn(functions, operand.name)) {
      throw badTemplate(line, `function ${JSON.stringify(operand.name)} not defined`);
    }
  }
}

interface State {
  readonly dot: GoValue;
  readonly variables: [string, GoValue][];
  readonly out: string[];
}

/** How a list of nodes ended. */
type Ending = "done" | "break" | "continue";

function run(nodes: readonly Node[], state: State): Ending {
  for (const node of nodes) {
    if (node.kind === "break") return "break";
    if (node.kind === "continue") return "continue";
    if (node.kind === "text") state.out.push(node.text);
    else if (node.kind === "print") {
      const value = evaluate(node.pipe, state, node.line);
      if (node.pipe.variables.length === 0) state.out.push(value === undefined ? "<no value>" : goText(value));
    } else {
      const ending = node.kind === "range" ? range(node, state) : branch(node, state);
      if (ending !== "done") return ending;
    }
  }
  return "done";
}

type Control = Extract<Node, { readonly then: readonly Node[] }>;

function branch(node: Control, state: State): Ending {
  const inner = { ...state, variables: [...state.variables] };
  const value = evaluate(node.pipe, inner, node.line) ?? null;
  if (isEmpty(value)) return run(node.otherwise, inner);
  return run(node.then, node.kind === "with" ? { ...inner, dot: value } : inner);
}

function range(node: Control, state: State): Ending {
  const inner = { ...state, variables: [...state.variables] };
  const value = evaluate({ ...node.pipe, variables: [] }, inner, node.line) ?? null;
  const entries = entriesOf(value, node.line);
  if (entries.length === 0) return run(node.otherwise, inner);
  const names = node.pipe.variables;
  for (const [key, one] of entries) {
    const named: [string, GoValue][] =
      names.length === 2
        ? [
            [names[0] ?? "", key],
            [names[1] ?? "", one],
          ]
        : names.map((name) => [name, one]);
    const ending = run(node.then, { ...inner, dot: one, variables: [...inner.variables, ...named] });
    if (ending === "break") break;
  }
  return "done";
}

function entriesOf(value: GoValue, line: number): readonly (readonly [GoValue, GoValue])[] {
  if (value === null) return [];
  if (isList(value)) return value.map((one, at) => [at, one] as const);
  if (isMap(value)) return [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  if (typeof value === "number" && value >= 0 && value < 1e6) return Array.from({ length: value }, (_, at) => [at, at]);
  throw badTemplate(line, `range can't iterate over ${goText(value)}`);
}

/** Undefined: there is no such entry in a map. */
function evaluate({ commands, variables, declares }: Pipe, state: State, line: number): GoValue | undefined {
  let value: GoValue | undefined;
  for (const [at, command] of commands.entries()) value = call(command, at === 0 ? [] : [value ?? null], state, line);
  for (const name of variables) {
    if (declares) state.variables.push([name, value ?? null]);
    else variableNamed(name, state, line)[1] = value ?? null;
  }
  return value;
}

function call(command: readonly Operand[], piped: readonly GoValue[], state: State, line: number): GoValue | undefined {
  const [first, ...rest] = command;
  if (first === undefined) return null;
  const args = [...rest.map((operand) => operandValue(operand, state, line) ?? null), ...piped];
  if (first.kind !== "function") {
    if (args.length > 0) throw badTemplate(line, "can't give argument to non-function");
    return operandValue(first, state, line);
  }
  try {
    return functions[first.name]?.(...args);
  } catch (error) {
    if (!isCooperError(error, "cli/bad-template")) throw error;
    throw new CooperError("cli/bad-template", `template: :${line}: executing "" at <${first.name}>: ${error.message}`);
  }
}

function operandValue(operand: Operand, state: State, line: number): GoValue | undefined {
  switch (operand.kind) {
    case "constant":
      return operand.value;
    case "dot":
      return path(state.dot, operand.fields, line);
    case "variable":
      return path(variableNamed(operand.name, state, line)[1], operand.fields, line);
    case "pipe":
      return path(evaluate(operand.pipe, state, line) ?? null, operand.fields, line);
    case "function":
      return call([operand], [], state, line);
  }
}

function variableNamed(name: string, state: State, line: number): [string, GoValue] {
  const found = state.variables.findLast(([one]) => one === name);
  if (found === undefined) throw badTemplate(line, `undefined variable ${JSON.stringify(name)}`);
  return found;
}

function path(value: GoValue, fields: readonly string[], line: number): GoValue | undefined {
  let at: GoValue | undefined = value;
  for (const name of fields) at = fieldOf(at ?? null, name, line);
  return at;
}

function fieldOf(value: GoValue, name: string, line: number): GoValue | undefined {
  if (isMap(value)) return value.get(name);
  const at = `template: :${line}: executing "" at <.${name}>`;
  if (value === null) throw new CooperError("cli/bad-template", `${at}: nil pointer evaluating field ${name}`);
  const found = value instanceof GoStruct ? value.fields.find((field) => field.name === name) : undefined;
  if (found !== undefined) return found.value;
  const type = value instanceof GoStruct ? value.type : isList(value) ? "list" : typeof value;
  const hint = value instanceof GoStruct ? `it has ${value.fields.map((field) => field.name).join(", ")}` : undefined;
  throw new CooperError("cli/bad-template", `${at}: can't evaluate field ${name} in type ${type}`, { hint });
}
