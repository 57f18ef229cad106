import { CooperError } from "../../kit/index.ts";

const nano = 1_000_000_000n;
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimalSuffixes = new Map([
  [-9, "n"],
  [-6, "u"],
  [-3, "m"],
  [0, ""],
  [3, "k"],
  [6, "M"],
  [9, "G"],
  [12, "T"],
  [15, "P"],
  [18, "E"],
]);

/** An amount as Kubernetes writes it: how much, in billionths (rounded up, as Kubernetes does), and the notation it came in. */
interface Quantity {
  readonly nanos: bigint;
  readonly notation: "binary" | "decimal" | "exponent";
}

/**
 * The text that Kubernetes gives a quantity: `0.5` is `500m`, `1024Mi` is `1Gi`, `1.5Gi` is `1536Mi`
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
 * Throws `pipeline/quantity` for what is none.
 */
export function canonicalQuantity(text: string): string {
  const { nanos, notation } = parseQuantity(text);
  if (nanos === 0n) return "0";
  const whole = nanos % nano === 0n;
  const small = nanos > -1024n * nano && nanos < 1024n * nano;
  if (notation === "binary" && whole && !small) return binaryText(nanos / nano);
  return decimalText(nanos, notation === "exponent");
}

/** How many billionths of a unit a quantity is, rounded up. Throws `pipeline/quantity`. */
export function quantityNanos(text: string): bigint {
  return parseQuantity(text).nanos;
}

function parseQuantity(text: string): Quantity {
  const found = /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?([eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE]?)$/.exec(text);
  const [, sign, whole = "", fraction = "", suffix = ""] = found ?? [];
  if (found === null || whole + fraction === "") {
    throw new CooperError("pipeline/quantity", `"${text}" is not a quantity`, {
      hint: "Write a number with an optional suffix: 500m, 2, 128Mi, 1.5Gi.",
    });
  }
  const digits = BigInt(whole + fraction);
  const unit = unitOf(suffix);
  const exponent = unit.exponent10 - fraction.length + 9;
  const scaled = digits * unit.factor;
  const nanos = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : divideUp(scaled, 10n ** BigInt(-exponent));
  return { nanos: sign === "-" ? -nanos : nanos, notation: unit.notation };
}

function unitOf(suffix: string): { factor: bigint; exponent10: number; notation: Quantity["notation"] } {
  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) return { factor: 1024n ** BigInt(power), exponent10: 0, notation: "binary" };
  if (/^[eE]./.test(suffix)) return { factor: 1n, exponent10: Number(suffix.slice(1)), notation: "exponent" };
  const exponent10 = [...decimalSuffixes].find(([, name]) => name === suffix)?.[0] ?? 0;
  return { factor: 1n, exponent10, notation: "decimal" };
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

function binaryText(value: bigint): string {
  let [mantissa, power] = [value, 0];
  while (mantissa % 1024n === 0n && power < binarySuffixes.length - 1) {
    mantissa /= 1024n;
    power += 1;
  }
  return `${mantissa}${binarySuffixes[power]}`;
}

function decimalText(nanos: bigint, asExponent: boolean): string {
  let [mantissa, exponent] = [nanos, -9];
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (asExponent) return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${decimalSuffixes.get(exponent)}`;
}
