import { type BuildHistoryEvent, remote } from "../../client/index.ts";
import { CooperError, messageOf } from "../../kit/index.ts";
import { formatter } from "../template/index.ts";
import { goText } from "../template/value.ts";
import { eventTypes, historyValue } from "./records.ts";
import { layOut } from "./tabs.ts";
import type { Question } from "./verbs.ts";

type Record = NonNullable<BuildHistoryEvent["value"]["record"]>;
type Time = Record["createdAt"];

/** `debug histories`: a row for each build that ended. */
export async function listHistories({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const print = values.string("format") === "" ? undefined : formatter(values.string("format"));
  const connection = await daemon();
  const rows = rowPrinter(io.stdout, ["TYPE", "REF", "CREATED", "COMPLETED", "GENERATION", "PINNED"]);
  const onEvent = (event: BuildHistoryEvent) => {
    if (print !== undefined) io.stdout(print(historyValue(event)));
    else rows.print([...columns(event), event.value.record?.pinned ? "*" : ""]);
  };
  await queries.history(connection, { earlyExit: true }, onEvent, scope);
  if (print === undefined) rows.close();
}

/** `prune-histories`: removes the records that are not pinned, and shows each. */
export async function pruneHistories({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const print = values.string("format") === "" ? undefined : formatter(values.string("format"));
  const connection = await daemon();
  const rows = rowPrinter(io.stdout, ["TYPE", "REF", "CREATED", "COMPLETED", "GENERATION"]);
  const failed: unknown[] = [];
  const onEvent = async (event: BuildHistoryEvent) => {
    const { record } = event.value;
    if (record === undefined || record.pinned) return;
    try {
      await queries.updateHistory(connection, { ref: record.ref, delete: true }, scope);
    } catch (error) {
      failed.push(error);
      return;
    }
    if (print !== undefined) io.stdout(print(historyValue(event)));
    else rows.print(columns(event));
  };
  await queries.history(connection, { earlyExit: true }, onEvent, scope);
  if (print === undefined) rows.close();
  if (failed.length > 0) {
    throw new CooperError("cli/failed", failed.map(messageOf).join("\n"), { cause: failed[0] });
  }
}

/** `debug ctl REF`: keeps a record for good, or removes it. */
export async function controlHistory({ values, args, daemon, scope }: Question): Promise<void> {
  const bad = (sentence: string) => new CooperError("cli/bad-value", sentence);
  const [ref] = args;
  if (ref === undefined) throw bad("build ref must be specified");
  const [pin, unpin, remove] = ["pin", "unpin", "delete"].map((name) => values.bool(name));
  if (!pin && !unpin && !remove) throw bad("must specify one of --pin, --unpin, --delete");
  if (pin && unpin) throw bad("cannot specify both --pin and --unpin");
  if (remove && (pin || unpin)) throw bad("cannot specify --delete with --pin or --unpin");
  const { queries } = await remote();
  await queries.updateHistory(await daemon(), { ref, pinned: pin ?? false, delete: remove ?? false }, scope);
}

/** `debug monitor`: builds as they begin and end, until it is interrupted. */
export async function monitorBuilds({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const request = { activeOnly: !values.bool("completed"), ref: values.string("ref") };
  await queries.history(await daemon(), request, (event) => io.stdout(eventLines(event)), scope);
  throw new CooperError("cli/failed", "EOF");
}

function eventLines(event: BuildHistoryEvent): string {
  const { record } = event.value;
  const lines = [`event: ${typeName(event)} ref:${record?.ref ?? ""}`];
  if (record === undefined) return `${lines[0]}\n`;
  const add = (condition: boolean, line: string) => void (condition && lines.push(`  ${line}`));
  add(record.numTotalSteps !== 0, `cache: ${record.numCachedSteps}/${record.numTotalSteps}`);
  add(record.numWarnings !== 0, `warnings: ${record.numWarnings}`);
  add(record.logs !== undefined, `logs: ${blobText(record.logs)}`);
  add(record.trace !== undefined, `trace: ${blobText(record.trace)}`);
  if (record.result !== undefined) lines.push(...resultLines(record.result, ""));
  for (const [name, result] of record.results) lines.push(...resultLines(result, `[${name}] `));
  return `${lines.join("\n")}\n`;
}

function resultLines(result: NonNullable<Record["result"]>, name: string): string[] {
  const old = result.resultDeprecated === undefined ? [] : [result.resultDeprecated];
  const images = result.results.length > 0 ? result.results.map(({ value }) => value) : old;
  return [
    ...images.map((blob) => `  ${name}descriptor: ${blobText(blob)}`),
    ...result.attestations.map((blob) => `  ${name}attestation: ${blobText(blob)}`),
  ];
}

/** As protobuf prints a message. */
function blobText(blob: Record["logs"]): string {
  if (blob === undefined) return "";
  const parts = [`media_type:${JSON.stringify(blob.mediaType)}`, `digest:${JSON.stringify(blob.digest)}`];
  if (blob.size !== 0n) parts.push(`size:${blob.size}`);
  for (const [key, value] of blob.annotations) {
    parts.push(`annotations:{key:${JSON.stringify(key)} value:${JSON.stringify(value)}}`);
  }
  return parts.join(" ");
}

function columns(event: BuildHistoryEvent): string[] {
  const { record } = event.value;
  const generation = String(record?.generation ?? 0);
  return [typeName(event), record?.ref ?? "", moment(record?.createdAt), moment(record?.completedAt), generation];
}

function typeName({ value }: BuildHistoryEvent): string {
  return eventTypes[value.type] ?? goText(value.type);
}

/** The second in local time, with the zone (RFC 3339). */
function moment(time: Time): string {
  if (time === undefined) return "";
  const date = new Date(Number(time.seconds) * 1000);
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const two = (number: number) => String(number).padStart(2, "0");
  const size = Math.abs(offset);
  return `${local}${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Prints a table row by row, as upstream does: the head is laid out with the first row, each later row alone. */
function rowPrinter(write: (text: string) => void, head: readonly string[]) {
  let waiting: readonly (readonly string[])[] = [head];
  return {
    print(row: readonly string[]) {
      write(layOut([...waiting, row]));
      waiting = [];
    },
    close() {
      if (waiting.length > 0) write(layOut(waiting));
    },
  };
}
