import { expect, test } from "vitest";
import { buildctlSpec } from "./buildctl-spec.ts";
import { parseCommandLine } from "./parse.ts";

const spec = buildctlSpec("unix:///run/x.sock");
const parse = (...argv: string[]) => parseCommandLine(spec, argv, {});
function run(...argv: string[]) {
  const asked = parse(...argv);
  if (asked.kind !== "run") throw new Error(asked.kind === "usage-error" ? asked.error.message : asked.kind);
  return asked;
}

test.each([
  ["--frontend=dockerfile.v0"],
  ["-frontend=dockerfile.v0"],
  ["--frontend", "dockerfile.v0"],
  ["-frontend", "dockerfile.v0"],
])("a flag takes its value after = or as the next word, with one dash or two: %s", (...words) => {
  expect(run("build", ...words).values.string("frontend")).toBe("dockerfile.v0");
});

test("a global flag is accepted before and after the command", () => {
  expect(run("--debug", "build").values.bool("debug")).toBe(true);
  expect(run("build", "--progress=plain", "--debug").values.bool("debug")).toBe(true);
  expect(run("build").values.bool("debug")).toBe(false);
});

test("a repeated flag keeps every value, commas included", () => {
  const { values } = run("b", "-o", "type=oci,dest=a", "--output=type=tar,dest=b");
  expect(values.strings("output")).toEqual(["type=oci,dest=a", "type=tar,dest=b"]);
});

test("of a single-valued flag the last one counts", () => {
  expect(run("build", "--progress=tty", "--progress=plain").values.string("progress")).toBe("plain");
});

test("an explicit empty value is a value", () => {
  expect(run("build", "--output", "").values.strings("output")).toEqual([""]);
  expect(run("build", "--opt=").values.strings("opt")).toEqual([""]);
});

test("a flag's value may look like a flag", () => {
  expect(run("build", "--frontend", "--no-cache").values.string("frontend")).toBe("--no-cache");
});

test("a bool takes a Go bool after =", () => {
  expect(run("build", "--no-cache=F").values.bool("no-cache")).toBe(false);
  const bad = parse("build", "--no-cache=maybe");
  expect(bad.kind === "usage-error" && bad.error.message).toBe(
    'invalid value "maybe" for flag -no-cache: strconv.ParseBool: parsing "maybe": invalid syntax',
  );
});

test("words after -- are arguments", () => {
  expect(run("build", "--", "--nope").args).toEqual(["--nope"]);
});

test("an unknown flag is named, with the nearest one as a hint", () => {
  const bad = parse("build", "--frontnd=x");
  if (bad.kind !== "usage-error") throw new Error(bad.kind);
  expect(bad.error.message).toBe("flag provided but not defined: -frontnd");
  expect(bad.error.hint).toBe("did you mean --frontend?");
});

test("an unknown command is named, with the nearest one", () => {
  expect(parse("biuld")).toEqual({ kind: "unknown-command", name: "biuld", suggestion: "build" });
  expect(parse("debug", "nope")).toMatchObject({ kind: "unknown-command", name: "nope" });
});

test("-v is the version on its own and verbose after du", () => {
  expect(parse("-v").kind).toBe("version");
  expect(run("du", "-v").values.bool("verbose")).toBe(true);
});
