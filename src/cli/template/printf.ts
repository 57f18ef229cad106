import { goQuote } from "../../kit/index.ts";
import { type GoValue, goText } from "./value.ts";

/** Go's `fmt.Sprintf`, its usual verbs with width, precision and the flags `-`, `+`, `0` and space. */
export function format(pattern: string, args: readonly GoValue[]): string {
  let next = 0;
  const text = pattern.replace(
    /%([-+0 #]*)(\d+|\*)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      const wide = width === "*" ? Number(args[next++]) : Number(width ?? 0);
      const value = args[next++];
      if (value === undefined) return `%!${verb}(MISSING)`;
      return pad(shown(verb, value, flags, precision === undefined ? undefined : Number(precision)), wide, flags);
    },
  );
  const extra = args.slice(next).map((value) => `${typeName(value)}=${goText(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

function shown(verb: string, value: GoValue, flags: string, precision: number | undefined): string {
  const number = typeof value === "number" || typeof value === "bigint" ? value : undefined;
  const wrong = () => `%!${verb}(${typeName(value)}=${goText(value)})`;
  const signed = (text: string) => (flags.includes("+") && !text.startsWith("-") ? `+${text}` : text);
  switch (verb) {
    case "v":
    case "s":
      if (verb === "s" && (number !== undefined || typeof value === "boolean")) return wrong();
      return (value instanceof Uint8Array && verb === "s" ? Buffer.from(value).toString("utf8") : goText(value)).slice(
        0,
        precision,
      );
    case "q":
      return goQuote(goText(value));
    case "t":
      return typeof value === "boolean" ? String(value) : wrong();
    case "d":
      return number === undefined ? wrong() : signed(String(number));
    case "x":
    case "X": {
      const hex = number === undefined ? Buffer.from(bytesOf(value)).toString("hex") : number.toString(16);
      return verb === "x" ? hex : hex.toUpperCase();
    }
    case "f":
    case "F":
      return number === undefined ? wrong() : signed(Number(number).toFixed(precision ?? 6));
    case "e":
    case "g":
      return number === undefined ? wrong() : signed(String(Number(number)));
    case "o":
    case "b":
      return number === undefined ? wrong() : number.toString(verb === "o" ? 8 : 2);
    case "c":
      return number === undefined ? wrong() : String.fromCodePoint(Number(number));
    default:
      return wrong();
  }
}

function bytesOf(value: GoValue): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(goText(value));
}

function pad(text: string, width: number, flags: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0")) return " ".repeat(missing) + text;
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function typeName(value: GoValue): string {
  if (value === null) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int64";
  return typeof value === "number" ? (Number.isInteger(value) ? "int" : "float64") : "value";
}
