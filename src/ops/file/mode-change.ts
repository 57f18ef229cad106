import { CooperError } from "../../kit/index.ts";

/** New permissions and set-id bits (0o7777) for old ones. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

interface Clause {
  /** Bits of the classes: user, group, other. */
  readonly who: readonly Who[];
  readonly operator: "+" | "-" | "=";
  readonly permissions: string;
}
type Who = "u" | "g" | "o";

const shift: Readonly<Record<Who, number>> = { u: 6, g: 3, o: 0 };

/** A symbolic mode as of chmod(1), umask 0: `u=rwX,go-w`, `a+x`, `g=u`, `+t`. Throws `ops/bad-mode`. */
export function parseModeChange(text: string): ModeChange {
  const clauses = text.split(",").flatMap((part) => parseClauses(part, text));
  return (mode, isDirectory) => clauses.reduce((current, clause) => applyClause(current, clause, isDirectory), mode);
}

function parseClauses(part: string, text: string): Clause[] {
  const match = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(part);
  if (match === null) throw new CooperError("ops/bad-mode", `invalid mode ${JSON.stringify(text)}`);
  const [, letters = "", actions = ""] = match;
  const all: readonly Who[] = ["u", "g", "o"];
  const who = letters === "" || letters.includes("a") ? all : all.filter((letter) => letters.includes(letter));
  return [...actions.matchAll(/([-+=])([ugo]|[rwxXst]*)/g)].map(([, operator, permissions = ""]) => ({
    who,
    operator: operator as Clause["operator"],
    permissions,
  }));
}

function applyClause(mode: number, clause: Clause, isDirectory: boolean): number {
  let bits = 0;
  let touched = 0;
  for (const who of clause.who) {
    bits |= classBits(clause.permissions, mode, isDirectory) << shift[who];
    touched |= 0o7 << shift[who];
  }
  if (clause.permissions.includes("s"))
    bits |= (clause.who.includes("u") ? 0o4000 : 0) | (clause.who.includes("g") ? 0o2000 : 0);
  if (clause.permissions.includes("t") && clause.who.includes("o")) bits |= 0o1000;
  switch (clause.operator) {
    case "+":
      return mode | bits;
    case "-":
      return mode & ~bits;
    case "=":
      return (mode & ~(touched | specialBits(clause.who))) | bits;
  }
}

/** `=` also sets the special bits of the named classes. */
function specialBits(who: readonly Who[]): number {
  return (who.includes("u") ? 0o4000 : 0) | (who.includes("g") ? 0o2000 : 0) | (who.includes("o") ? 0o1000 : 0);
}

function classBits(permissions: string, mode: number, isDirectory: boolean): number {
  if (permissions === "u" || permissions === "g" || permissions === "o") return (mode >> shift[permissions]) & 0o7;
  let bits = 0;
  if (permissions.includes("r")) bits |= 4;
  if (permissions.includes("w")) bits |= 2;
  if (permissions.includes("x")) bits |= 1;
  if (permissions.includes("X") && (isDirectory || (mode & 0o111) !== 0)) bits |= 1;
  return bits;
}
