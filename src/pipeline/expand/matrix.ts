import type { Matrix, MatrixAdjustment, Permutation, SoftFail } from "../contract.ts";
import type { Problems } from "../problems.ts";
import { matrixLimits } from "../steps/matrix.ts";
import type { Value } from "../yaml/value.ts";

/** One job of a matrix. */
export interface MatrixJob {
  readonly permutation: Permutation;
  /** The adjustment's, when it says. */
  readonly skip?: string;
  readonly softFail?: SoftFail;
}

/** All jobs of a matrix: the product of its dimensions, the last one changing first, then combinations that adjustments add. */
export function matrixJobs(matrix: Matrix, problems: Problems): readonly MatrixJob[] {
  const dimensions = [...matrix.setup];
  const size = dimensions.reduce((product, [, values]) => product * values.length, 1);
  // The largest product that is allowed by each dimension alone is 25^6.
  if (size > matrixLimits.jobs * 20) return tooMany(size, matrix, problems);
  let permutations: (readonly (readonly [string, string])[])[] = [[]];
  for (const [name, values] of dimensions) {
    permutations = permutations.flatMap((chosen) => values.map((value) => [...chosen, [name, value] as const]));
  }
  const maps = permutations.map((chosen) => new Map(chosen));
  const added = matrix.adjustments.filter((one) => !maps.some((map) => isSame(map, one.with)));
  const jobs = [...maps, ...added.map((one) => one.with)].map((permutation) =>
    adjusted(permutation, matrix.adjustments),
  );
  return jobs.length > matrixLimits.jobs ? tooMany(jobs.length, matrix, problems) : jobs;
}

function tooMany(count: number, { place }: Matrix, problems: Problems): readonly MatrixJob[] {
  const fix = `use at most ${matrixLimits.jobs}: fewer values, or two steps`;
  problems.error(place, "too-many", `the matrix makes ${count} jobs`, fix);
  return [];
}

function adjusted(permutation: Permutation, adjustments: readonly MatrixAdjustment[]): MatrixJob {
  const fitting = adjustments.filter((one) => isSame(permutation, one.with));
  const skip = fitting.find((one) => one.skip !== undefined)?.skip;
  const softFail = fitting.find((one) => one.softFail !== undefined)?.softFail;
  return { permutation, ...(skip !== undefined && { skip }), ...(softFail !== undefined && { softFail }) };
}

function isSame(a: Permutation, b: Permutation): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

const token = /\{\{\s*matrix(\.[\w\-.]+)?\s*\}\}/g;

/** The text with `{{matrix}}` and `{{matrix.name}}` replaced. `unknown` hears of names that the matrix has not. */
export function withMatrix(text: string, permutation: Permutation, unknown: (token: string) => void): string {
  if (!text.includes("{{")) return text;
  return text.replaceAll(token, (whole, name: string | undefined) => {
    const value = permutation.get(name === undefined ? "" : name.slice(1));
    if (value === undefined) unknown(`matrix${name ?? ""}`);
    return value ?? whole;
  });
}

/** The value with matrix tokens replaced in all its texts, keys included. */
export function valueWithMatrix(value: Value, permutation: Permutation, unknown: (token: string) => void): Value {
  switch (value.kind) {
    case "scalar":
      if (typeof value.value !== "string") return value;
      return { ...value, value: withMatrix(value.value, permutation, unknown) };
    case "list":
      return { ...value, items: value.items.map((item) => valueWithMatrix(item, permutation, unknown)) };
    case "map":
      return {
        ...value,
        entries: value.entries.map((entry) => ({
          ...entry,
          key: withMatrix(entry.key, permutation, unknown),
          value: valueWithMatrix(entry.value, permutation, unknown),
        })),
      };
  }
}
