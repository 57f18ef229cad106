import type { Location } from "../parse/index.ts";
import { alignColumns } from "./columns.ts";
import { base64, locationJson, type RequestResult, requestResult } from "./result.ts";

export interface OutlineArg {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  readonly location: Location;
}

/** A secret or an ssh agent that a step asks for. */
export interface OutlineMount {
  readonly name: string;
  readonly required: boolean;
  readonly location: Location;
}

/** What one can pass to a build of a target. */
export interface Outline {
  readonly name: string;
  readonly description: string;
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineMount[];
  readonly ssh: readonly OutlineMount[];
}

/** The answer to `frontend.outline`. */
export function outlineResult(outline: Outline, dockerfile: Uint8Array): RequestResult {
  const json = {
    name: outline.name || undefined,
    description: outline.description || undefined,
    args: listOf(outline.args.map(argJson)),
    secrets: listOf(outline.secrets.map(mountJson)),
    ssh: listOf(outline.ssh.map(mountJson)),
    sources: [base64(dockerfile)],
  };
  return requestResult(json, outlineText(outline));
}

function listOf(list: readonly object[]): readonly object[] | undefined {
  return list.length === 0 ? undefined : list;
}

function argJson({ name, description, value, location }: OutlineArg): object {
  return { name, description: description || undefined, value: value || undefined, location: placeOf(location) };
}

function mountJson({ name, required, location }: OutlineMount): object {
  return { name, required: required || undefined, location: placeOf(location) };
}

function placeOf(location: Location): object | undefined {
  return location.length === 0 ? undefined : locationJson(location);
}

function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const argLines = args.map((arg) => `${arg.name}\t${arg.value}\t${arg.description}`);
  return [
    name === "" && description === "" ? "" : headText(name, description),
    table("BUILD ARG\tVALUE\tDESCRIPTION", argLines),
    table("SECRET\tREQUIRED", secrets.map(mountLine)),
    table("SSH\tREQUIRED", ssh.map(mountLine)),
  ].join("");
}

function headText(name: string, description: string): string {
  const lines = [`TARGET:\t${name || "(default)"}`];
  if (description !== "") lines.push(`DESCRIPTION:\t${description}`);
  return `${alignColumns(lines, 1)}\n`;
}

function mountLine({ name, required }: OutlineMount): string {
  return `${name}\t${required ? "true" : ""}`;
}

function table(head: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${alignColumns([head, ...lines], 3)}\n`;
}
