/** Powers of Kubernetes' suffixes. */
const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The amount that `512Mi`, `250m`, `2` or `1e3` stands for; undefined for what is no quantity. Exact enough for a limit. */
export function amountOf(quantity: unknown): number | undefined {
  const text = typeof quantity === "number" ? String(quantity) : quantity;
  if (typeof text !== "string") return undefined;
  const match = /^([+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?)([numkMGTPE]?|[KMGTPE]i)$/.exec(
    text,
  );
  const factor = match === null ? undefined : suffixes[match[2] ?? ""];
  return factor === undefined ? undefined : Number(match?.[1]) * factor;
}
