import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ExporterRequest, OutputSpec } from "../../client/index.ts";
import { CooperError, errnoOf, messageOf, writeHint } from "../../kit/index.ts";
import { parseGoBool } from "../args/values.ts";
import { type TypedAttributes, typedAttributes } from "./attributes.ts";
import type { Surroundings } from "./surroundings.ts";

/** One `--output`: what to export, and where it goes on this side. */
export interface Output {
  readonly exporter: ExporterRequest;
  readonly target: OutputSpec;
}

/** Reads the `--output` options. Destinations that cannot work are refused now, before anything is built. */
export function parseOutputs(words: readonly string[], around: Surroundings): Output[] {
  return words.map((word) => {
    const { type, attrs } = typedAttributes("--output", word);
    if (attrs.output !== undefined) {
      throw new CooperError(
        "cli/bad-value",
        `output=${attrs.output} not supported for --output, you meant dest=${attrs.output}?`,
      );
    }
    const target = targetOf({ type, attrs }, around);
    const { dest, ...rest } = attrs;
    return { exporter: { type, attrs: target.kind === "none" ? attrs : rest }, target };
  });
}

function targetOf({ type, attrs }: TypedAttributes, around: Surroundings): OutputSpec {
  const dest = attrs.dest ?? "";
  switch (kindOf(type, attrs)) {
    case "directory":
      if (dest === "") throw badOutput(`output directory is required for ${type} exporter`);
      return {
        kind: "directory",
        path: checkedDirectory(resolve(around.cwd, dest), dest),
        ...(type !== "local" && { layout: true }),
      };
    case "file":
      if (dest !== "" && dest !== "-") return { kind: "file", path: checkedFile(resolve(around.cwd, dest), dest) };
      if (around.stdoutIsTerminal()) {
        throw badOutput(`output file is required for ${type} exporter. refusing to write to console`);
      }
      return { kind: "stdout" };
    case "none":
      if (dest !== "") throw badOutput(`output ${dest} is not supported by ${type} exporter`);
      return { kind: "none" };
  }
}

function kindOf(type: string, attrs: TypedAttributes["attrs"]): "file" | "directory" | "none" {
  if (type === "local") return "directory";
  if (type === "tar") return "file";
  if (type === "oci" || type === "docker") return parseGoBool(attrs.tar ?? "") === false ? "directory" : "file";
  return "none";
}

/** A path that a file can be written to, as far as one can tell before. */
function checkedFile(path: string, dest: string): string {
  try {
    if (statSync(path).isDirectory()) throw badOutput("destination file is a directory");
    accessSync(path, constants.W_OK);
  } catch (error) {
    if (error instanceof CooperError) throw error;
    if (errnoOf(error) !== "ENOENT") throw badOutput(`open ${dest}: ${reasonOf(error)}`, writeHint(path));
    checkFolder(path, dest);
  }
  return path;
}

function checkFolder(path: string, dest: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw badOutput(`open ${dest}: ${reasonOf(error)}`, writeHint(path));
  }
}

/** A directory that can be written to or made; what is wrong with it in another way is told when it is written to. */
function checkedDirectory(path: string, dest: string): string {
  const hint = writeHint(path);
  if (hint === undefined) return path;
  throw badOutput(`mkdir ${dest}: permission denied`, hint);
}

function reasonOf(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: "no such file or directory",
    ENOTDIR: "not a directory",
    EACCES: "permission denied",
    EROFS: "read-only file system",
  };
  return reasons[errnoOf(error) ?? ""] ?? messageOf(error);
}

function badOutput(reason: string, hint?: string): CooperError {
  return new CooperError("cli/bad-value", `invalid output option: output: ${reason}`, { hint });
}
