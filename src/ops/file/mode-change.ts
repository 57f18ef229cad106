import { CooperError } from "../../kit/index.ts";

/** New permissions and set-id bits (0o7777) for old ones. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

type Operator = "+" | "-" | "=";
type Class = "u" | "g" | "o";

/** One change of bits; `search` sets them where the file was a directory, or executable for anybody, before any change. */
type Command =
  | { readonly kind: "clear" | "set" | "search"; readonly bits: number }
  | { readonly kind: "copy"; readonly from: Class; readonly to: number; readonly operator: Operator };

const sticky = 0o1000;
const shift: Readonly<Record<Class, number>> = { u: 6, g: 3, o: 0 };
/** What a class may change, its set-id bit included. */
const classes: Readonly<Record<string, number>> = { a: 0o6777, u: 0o4700, g: 0o2070, o: 0o7 };
const permissions: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };

/**
 * A symbolic mode, umask 0: `u=rwX,go-w`, `a+x`, `g=u`, `+t`. As BSD's setmode(3) reads it, which upstream goes by: `=` leaves the sticky bit
 * unless there is a `t`; `t` is nothing for others alone, and without classes it is all that its action changes; `X` looks at the mode
 * of before. Throws `ops/bad-mode`.
 */
export function parseModeChange(text: string): ModeChange {
  const commands = text.split(",").flatMap((clause) => commandsOf(clause, text));
  return (mode, isDirectory) => {
    const search = isDirectory || (mode & 0o111) !== 0;
    return commands.reduce((current, command) => apply(current, command, search), mode);
  };
}

function commandsOf(clause: string, text: string): Command[] {
  const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
  if (match === null) throw new CooperError("ops/bad-mode", `invalid mode ${JSON.stringify(text)}`);
  const [, letters = "", actions = ""] = match;
  const who = [...letters].reduce((bits, letter) => bits | (classes[letter] ?? 0), 0);
  return [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)].flatMap(([, operator, what = ""]) =>
    actionCommands(who, operator as Operator, what),
  );
}

/** What one operator does. A copied class (`g=u`) stands for itself: what is before it has been done by then. */
function actionCommands(named: number, operator: Operator, what: string): Command[] {
  const commands: Command[] = [];
  const onlyOthers = named !== 0 && (named & ~0o7) === 0;
  let who = named;
  let bits = 0;
  let search = 0;
  let cleared = operator !== "=";
  const flush = () => {
    if (bits !== 0 || !cleared) commands.push(...change(operator, who, bits));
    cleared = true;
    if (search !== 0) commands.push({ kind: "search", bits: who === 0 ? search : who & search });
    [bits, search] = [0, 0];
  };
  for (const letter of what) {
    if (letter === "u" || letter === "g" || letter === "o") {
      // The copy clears what it sets.
      cleared = true;
      flush();
      commands.push({ kind: "copy", from: letter, to: who === 0 ? 0o777 : who, operator });
    } else if (letter === "X" && operator !== "-") search = 0o111;
    else if (letter === "s") bits |= onlyOthers ? 0 : 0o6000;
    else if (letter !== "t") bits |= permissions[letter.toLowerCase()] ?? 0;
    else if (!onlyOthers) {
      who |= sticky;
      bits |= sticky;
    }
  }
  flush();
  return commands;
}

function change(operator: Operator, who: number, bits: number): Command[] {
  const picked = who === 0 ? bits : who & bits;
  if (operator !== "=") return [{ kind: operator === "+" ? "set" : "clear", bits: picked }];
  return [
    { kind: "clear", bits: who === 0 ? 0o6777 : who },
    { kind: "set", bits: picked },
  ];
}

function apply(mode: number, command: Command, search: boolean): number {
  if (command.kind === "copy") return copyClass(mode, command);
  if (command.kind === "clear") return mode & ~command.bits;
  return command.kind === "set" || search ? mode | command.bits : mode;
}

function copyClass(mode: number, { from, to, operator }: Command & { readonly kind: "copy" }): number {
  const value = (mode >> shift[from]) & 0o7;
  // A class is meant where its right to read is.
  const targets = (["u", "g", "o"] as const).filter((each) => (to & (0o4 << shift[each])) !== 0);
  const all = (bits: number) => targets.reduce((sum, each) => sum | (bits << shift[each]), 0);
  if (operator === "-") return mode & ~all(value);
  return (operator === "=" ? mode & ~all(0o7) : mode) | all(value);
}
