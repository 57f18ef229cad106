import { goQuote } from "../../../kit/index.ts";
import { type CommandReader, execOrShell } from "./commands.ts";
import { blaming } from "./errors.ts";
import { readFlags } from "./flags.ts";
import type { Healthcheck } from "./instruction.ts";
import { atLeastOne, invalid } from "./messages.ts";
import type { LineNode } from "./node.ts";
import { parseDuration, parseInt32 } from "./values.ts";

const durations = ["interval", "timeout", "start-period", "start-interval"] as const;
const noTimes = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };

export const readHealthcheck: CommandReader = (node, base) => {
  const [word, ...args] = node.args;
  if (word === undefined) throw atLeastOne("HEALTHCHECK");
  const type = word.toUpperCase();
  if (type !== "NONE") return { ...base, kind: "healthcheck", health: readCheck(type, args, node) };
  // NONE does not look at flags.
  if (args.length > 0) throw invalid("HEALTHCHECK NONE takes no arguments");
  return { ...base, kind: "healthcheck", health: { test: ["NONE"], ...noTimes } };
};

function readCheck(type: string, args: readonly string[], node: LineNode): Healthcheck {
  const flags = readFlags(node.flags, {
    interval: "string",
    timeout: "string",
    "start-period": "string",
    "start-interval": "string",
    retries: "string",
  });
  if (type !== "CMD") throw invalid(`Unknown type ${goQuote(type)} in HEALTHCHECK (try CMD)`, node.args[0] ?? "");
  const command = execOrShell(args, node.json);
  if (command.length === 0) throw invalid("Missing command after HEALTHCHECK CMD");
  const [interval = 0, timeout = 0, startPeriod = 0, startInterval = 0] = durations.map((name) =>
    blaming([`--${name}=${flags.string(name)}`, `--${name}`], () => readInterval(name, flags.string(name))),
  );
  const retries = blaming([`--retries=${flags.string("retries")}`], () => readRetries(flags.string("retries")));
  const test = [node.json ? "CMD" : "CMD-SHELL", ...command];
  return { test, interval, timeout, startPeriod, startInterval, retries };
}

function readInterval(name: string, text: string): number {
  const nanoseconds = text === "" ? 0 : parseDuration(text);
  if (nanoseconds !== 0 && nanoseconds < 1e6) throw invalid(`Interval ${goQuote(name)} cannot be less than 1ms`);
  return nanoseconds;
}

function readRetries(text: string): number {
  const retries = text === "" ? 0 : parseInt32(text);
  if (retries < 0) throw invalid(`--retries cannot be negative (${retries})`);
  return retries;
}
