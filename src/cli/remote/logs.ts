import { remote } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { openView } from "../progress/view.ts";
import type { Question } from "./verbs.ts";

/** `debug logs REF`: a build's progress again, on standard output; with `--trace` its trace. */
export async function showLogs(question: Question): Promise<void> {
  const { values, args, io, daemon, scope } = question;
  const [ref] = args;
  if (ref === undefined) throw new CooperError("cli/bad-value", "build ref must be specified");
  if (values.bool("trace")) return showTrace(question, ref);
  const { queries } = await remote();
  const connection = await daemon();
  const write = (text: string) => io.stdout(Buffer.from(text, "latin1").toString("utf8"));
  const size = () => ({ width: process.stdout.columns || 80, height: process.stdout.rows || 10 });
  const output = { write, size: io.around.stdoutIsTerminal() ? size : undefined };
  const view = openView(values.string("progress"), output, io.around.env, (sentence) => io.stderr(`${sentence}\n`));
  try {
    await queries.progress(connection, ref, (status) => view.update(status), scope);
  } finally {
    view.close();
  }
}

async function showTrace({ io, daemon, scope }: Question, ref: string): Promise<void> {
  const [{ queries }, { printTo }] = await Promise.all([remote(), import("./blob.ts")]);
  const connection = await daemon();
  let digest: string | undefined;
  let found = false;
  const take = ({
    value,
  }: {
    readonly value: { readonly record?: { readonly trace?: { readonly digest: string } } };
  }) => {
    found = true;
    digest = value.record?.trace?.digest;
  };
  await queries.history(connection, { ref, earlyExit: true }, take, scope);
  if (!found) throw new CooperError("cli/failed", `ref ${ref} not found`);
  if (digest === undefined) throw new CooperError("cli/failed", `ref ${ref} does not have trace`);
  await queries.blob(connection, digest, printTo(io), scope);
}
