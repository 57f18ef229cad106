import type { Matrix, MatrixAdjustment } from "../contract.ts";
import { describe, textOf, type Value } from "../yaml/value.ts";
import { Fields } from "./fields.ts";
import { readSkip, readSoftFail } from "./retry.ts";

/** Buildkite's limits. */
export const matrixLimits = { dimensions: 6, values: 25, adjustments: 12, jobs: 50, bytes: 128 } as const;

/** `matrix`: a list of values, or `{setup, adjustments}`. */
export function readMatrix(fields: Fields): Matrix | undefined {
  const value = fields.value("matrix");
  if (value === undefined) return undefined;
  if (value.kind === "list") {
    return { setup: new Map([["", values(value, fields, "the matrix")]]), adjustments: [], place: value.place };
  }
  if (value.kind !== "map") {
    fields.wrong(value.place, `"matrix" is ${describe(value)}, wanted a list or setup:`, "write a list of values");
    return undefined;
  }
  const inner = new Fields(value, fields.problems);
  const matrix = { setup: readSetup(inner), adjustments: readAdjustments(inner), place: value.place };
  inner.warnOfUnknown('"matrix"');
  checkAdjustments(matrix, fields);
  return matrix.setup.size === 0 ? undefined : matrix;
}

function readSetup(fields: Fields): ReadonlyMap<string, readonly string[]> {
  const setup = fields.value("setup");
  if (setup === undefined) {
    fields.wrong(fields.map.place, '"matrix" has no "setup"', "add setup: with a list of values for each dimension");
    return new Map();
  }
  if (setup.kind === "list") return new Map([["", values(setup, fields, "the matrix")]]);
  if (setup.kind !== "map") {
    fields.wrong(setup.place, `"setup" is ${describe(setup)}, wanted lists of values`, "write NAME: [value, value]");
    return new Map();
  }
  if (setup.entries.length > matrixLimits.dimensions) {
    const { dimensions } = matrixLimits;
    fields.wrong(setup.place, `the matrix has ${setup.entries.length} dimensions`, `use at most ${dimensions}`);
  }
  for (const { key, keyPlace } of setup.entries) {
    if (!/^[A-Za-z0-9_]+$/.test(key)) {
      fields.wrong(keyPlace, `dimension ${JSON.stringify(key)} is no name`, "use letters, digits and _");
    }
  }
  return new Map(
    setup.entries.map(({ key, value }) => [key, values(value, fields, `dimension ${JSON.stringify(key)}`)]),
  );
}

function values(value: Value, fields: Fields, what: string): readonly string[] {
  const items = value.kind === "list" ? value.items : [value];
  if (items.length === 0) fields.wrong(value.place, `${what} has no values`, "give at least one value");
  if (items.length > matrixLimits.values) {
    fields.wrong(value.place, `${what} has ${items.length} values`, `use at most ${matrixLimits.values}`);
  }
  return items.flatMap((item) => {
    const text = textOf(item);
    if (text === undefined) fields.wrong(item.place, `${what} has ${describe(item)}, wanted text`, "write text");
    else if (Buffer.byteLength(text) > matrixLimits.bytes) {
      const { bytes } = matrixLimits;
      fields.wrong(item.place, `a value has ${Buffer.byteLength(text)} bytes`, `use at most ${bytes} bytes`);
    }
    return text === undefined ? [] : [text];
  });
}

function readAdjustments(fields: Fields): readonly MatrixAdjustment[] {
  const value = fields.value("adjustments");
  if (value === undefined) return [];
  const items = value.kind === "list" ? value.items : [value];
  if (items.length > matrixLimits.adjustments) {
    fields.wrong(value.place, `the matrix has ${items.length} adjustments`, `use at most ${matrixLimits.adjustments}`);
  }
  return items.flatMap((item) => readAdjustment(item, fields));
}

function readAdjustment(item: Value, fields: Fields): readonly MatrixAdjustment[] {
  if (item.kind !== "map") {
    fields.wrong(item.place, `an adjustment is ${describe(item)}, wanted with:`, "write with: {…}");
    return [];
  }
  const inner = new Fields(item, fields.problems);
  const chosen = inner.value("with");
  const skip = readSkip(inner);
  const softFail = inner.has("soft_fail") ? readSoftFail(inner) : undefined;
  inner.warnOfUnknown("an adjustment");
  if (chosen === undefined) {
    fields.wrong(item.place, 'an adjustment has no "with"', "say which combination it adjusts");
    return [];
  }
  const entries = chosen.kind === "map" ? chosen.entries : [{ key: "", value: chosen }];
  const choice = new Map(entries.map(({ key, value }) => [key, textOf(value) ?? ""] as const));
  return [
    {
      with: choice,
      place: item.place,
      ...(skip !== undefined && { skip }),
      ...(softFail !== undefined && { softFail }),
    },
  ];
}

function checkAdjustments({ setup, adjustments }: Matrix, fields: Fields): void {
  for (const adjustment of adjustments) {
    const names = [...adjustment.with.keys()];
    const unknown = names.find((name) => !setup.has(name));
    const missing = [...setup.keys()].find((name) => !adjustment.with.has(name));
    if (unknown !== undefined) {
      const fix = `use the dimensions of setup: ${[...setup.keys()].join(", ")}`;
      fields.wrong(
        adjustment.place,
        `an adjustment names dimension ${JSON.stringify(unknown)}, which "setup" has not`,
        fix,
      );
    } else if (missing !== undefined) {
      const fix = `add ${missing} to its with:`;
      fields.wrong(adjustment.place, `an adjustment has no value for dimension ${JSON.stringify(missing)}`, fix);
    }
  }
}
