import { readFileSync } from "node:fs";
import type { Job, PlanNode } from "../../expand/contract.ts";
import type { Redactor } from "../redactor.ts";
import type { BuildState } from "./build-state.ts";
import { type AgentAnswer, type AgentCall, done, printed, refused, type Words, wordsOf } from "./call.ts";
import { agentVersion } from "./script.ts";

/** The job that calls, and what may be done for it. */
export interface CallingJob {
  readonly job: Job;
  readonly node: PlanNode;
  readonly build: BuildState;
  readonly redactor: Redactor;
  readonly secrets: ReadonlyMap<string, string>;
  /** Variables of the job; `env set` changes them for its containers to come. */
  readonly env: Map<string, string>;
  /** Where a path of the caller is on this machine. */
  hostPath(container: string, path: string): string;
  /** Adds steps to the running build. Throws when they are not valid. */
  upload(text: string, file: string, options: UploadOptions): number;
  /** A step's outcome by key or id: `passed`, `hard_failed`, …; empty when there is none yet. */
  outcome(step: string): string;
  note(text: string): void;
}
export interface UploadOptions {
  readonly env: ReadonlyMap<string, string>;
  readonly interpolate: boolean;
}

type Command = (words: Words, call: AgentCall, job: CallingJob) => AgentAnswer | Promise<AgentAnswer>;

/** Answers a call of `buildkite-agent`. What Buildkite alone can do is refused with exit code 1. */
export async function answerCall(call: AgentCall, job: CallingJob): Promise<AgentAnswer> {
  const [first = "", second = ""] = call.args;
  if (first === "--version" || first === "version")
    return printed(`buildkite-agent version ${agentVersion}, stood in for by cooper step run\n`);
  const name = commands[`${first} ${second}`] === undefined ? first : `${first} ${second}`;
  const command = commands[name];
  if (command === undefined) {
    const known = Object.keys(commands).join(", ");
    return refused(
      `buildkite-agent: cooper step run does not stand in for "${`${first} ${second}`.trim()}"; it knows ${known}`,
    );
  }
  return command(wordsOf(call.args.slice(name.split(" ").length)), call, job);
}

const needsInput: AgentAnswer = { kind: "stdin" };

/** Exit code of upstream's for what is not there. */
const notThere = 100;

const commands: Readonly<Record<string, Command>> = {
  "meta-data set": ({ rest: [key = "", value] }, { stdin }, { build }) => {
    if (value === undefined && stdin === undefined) return needsInput;
    if (key.trim() === "") return refused("buildkite-agent: a key is needed");
    build.metaData.set(key, value ?? String(stdin));
    return done;
  },
  "meta-data get": ({ rest: [key = ""], flags }, _, { build }) => {
    const value = build.metaData.get(key) ?? flags.get("default");
    return value === undefined
      ? refused(`buildkite-agent: no meta-data has the key "${key}"`, notThere)
      : printed(value);
  },
  "meta-data exists": ({ rest: [key = ""] }, _, { build }) => ({
    kind: "exit",
    code: build.metaData.has(key) ? 0 : notThere,
  }),
  "meta-data keys": (_, __, { build }) =>
    printed(
      [...build.metaData.keys()]
        .sort()
        .map((key) => `${key}\n`)
        .join(""),
    ),

  annotate: ({ rest: [body], flags }, { stdin }, { build, note }) => {
    if (body === undefined && stdin === undefined) return needsInput;
    const context = flags.get("context") ?? "default";
    const before = flags.get("append") === "true" ? (build.annotations.get(context)?.body ?? "") : "";
    const text = body ?? String(stdin);
    build.annotations.set(context, { context, style: flags.get("style") ?? "default", body: before + text });
    note(`annotation (${context}): ${text.trim()}`);
    return done;
  },
  "annotation remove": ({ flags }, _, { build }) => {
    build.annotations.delete(flags.get("context") ?? "default");
    return done;
  },

  "artifact upload": async ({ rest: [globs = ""] }, { cwd, container }, { build, job, node, hostPath, note }) => {
    const from = { id: job.id, key: node.key ?? "" };
    const paths = await build.artifacts.upload(globs, cwd, (path) => hostPath(container, path), from);
    const which = paths.slice(0, 10).join(", ");
    note(paths.length === 0 ? `no files fit ${globs}` : `uploaded ${paths.length} artifacts: ${which}`);
    return done;
  },
  "artifact download": (
    { rest: [glob = "", folder = "."], flags },
    { cwd, container, uid, gid },
    { build, hostPath },
  ) => {
    const found = build.artifacts.search(glob, flags.get("step"));
    if (found.length === 0) return refused(`buildkite-agent: no artifacts found for "${glob}"`);
    const target = folder.startsWith("/") ? folder : `${cwd}/${folder}`;
    build.artifacts.download(found, hostPath(container, target), { uid, gid });
    return done;
  },
  "artifact search": ({ rest: [glob = ""], flags }, _, { build }) => {
    const found = build.artifacts.search(glob, flags.get("step"));
    if (found.length === 0 && flags.get("allow-empty-results") !== "true")
      return refused(`buildkite-agent: no artifacts found for "${glob}"`);
    const format = flags.get("format") ?? "%j %p %c\\n";
    const lines = found.map(({ path, job, size, sha1, sha256 }) => {
      const values: Record<string, string> = {
        i: sha1,
        p: path,
        c: "",
        j: job,
        s: String(size),
        S: sha1,
        T: sha256,
        u: `file://${path}`,
      };
      return format.replaceAll(/%([a-zA-Z])/g, (whole, name: string) => values[name] ?? whole).replaceAll("\\n", "\n");
    });
    return printed(lines.join(""));
  },
  "artifact shasum": ({ rest: [glob = ""], flags }, _, { build }) => {
    const found = build.artifacts.search(glob, flags.get("step"));
    if (found.length !== 1)
      return refused(`buildkite-agent: ${found.length} artifacts found for "${glob}", one is wanted`);
    return printed(`${flags.get("sha256") === "true" ? found[0]?.sha256 : found[0]?.sha1}\n`);
  },

  "env get": ({ rest, flags }, _, { env }) => {
    const names = rest.length === 0 ? [...env.keys()] : rest;
    const values = Object.fromEntries(names.map((name) => [name, env.get(name) ?? ""]));
    if (flags.get("format")?.startsWith("json")) return printed(`${JSON.stringify(values)}\n`);
    if (rest.length === 1) return printed(`${env.get(rest[0] ?? "") ?? ""}\n`);
    return printed(
      Object.entries(values)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(""),
    );
  },
  "env set": ({ rest }, _, { env }) => {
    const bad = rest.find((word) => !word.includes("="));
    if (bad !== undefined) return refused(`buildkite-agent: "${bad}" is no NAME=VALUE`);
    for (const word of rest) {
      const [name = "", value = ""] = word.split(/=(.*)/s);
      env.set(name, value);
    }
    return done;
  },
  "env unset": ({ rest }, _, { env }) => {
    for (const name of rest) env.delete(name);
    return done;
  },

  "pipeline upload": ({ rest: [file], flags }, { stdin, cwd, container, env }, job) => {
    if (file === undefined && stdin === undefined) return needsInput;
    const path = file === undefined ? undefined : file.startsWith("/") ? file : `${cwd}/${file}`;
    const text = path === undefined ? String(stdin) : readText(job.hostPath(container, path));
    if (flags.get("dry-run") === "true") return printed(text);
    const count = job.upload(text, file ?? "(stdin)", { env, interpolate: flags.get("no-interpolation") !== "true" });
    return { kind: "exit", code: 0, err: `uploaded ${count} steps\n` };
  },

  "step get": ({ rest: [name = ""], flags }, _, { build, job, node, outcome }) => {
    const step = flags.get("step") ?? node.key ?? job.stepId;
    const changed = build.attributes.get(step)?.get(name);
    if (changed !== undefined) return printed(`${changed}\n`);
    if (name === "outcome" || name === "state") return printed(`${outcome(step)}\n`);
    const own: Record<string, string> = {
      label: job.label,
      key: node.key ?? "",
      command: job.command,
      id: job.stepId,
      type: "command",
    };
    if (step !== node.key && step !== job.stepId)
      return refused(`buildkite-agent: nothing is known of "${name}" of step "${step}"`);
    return name === "" ? printed(`${JSON.stringify(own)}\n`) : printed(`${own[name] ?? ""}\n`);
  },
  "step update": ({ rest: [name = "", value], flags }, { stdin }, { build, job, node }) => {
    if (value === undefined && stdin === undefined) return needsInput;
    const step = flags.get("step") ?? node.key ?? job.stepId;
    const attributes = build.attributes.get(step) ?? new Map<string, string>();
    const before = flags.get("append") === "true" ? (attributes.get(name) ?? "") : "";
    build.attributes.set(step, attributes.set(name, before + (value ?? String(stdin))));
    return done;
  },

  "lock acquire": async ({ rest: [key = ""] }, _, { build }) => printed(`${await build.locks.acquire(key)}\n`),
  "lock release": ({ rest: [key = "", token = ""] }, _, { build }) =>
    build.locks.release(key, token) ? done : refused(`buildkite-agent: lock "${key}" is not held with that token`),
  "lock do": async ({ rest: [key = ""] }, _, { build }) => printed(`${await build.locks.begin(key)}\n`),
  "lock done": ({ rest: [key = ""] }, _, { build }) => {
    build.locks.finish(key);
    return done;
  },
  "lock get": ({ rest: [key = ""] }, _, { build }) => printed(`${build.locks.get(key)}\n`),

  "redactor add": ({ rest: [file], flags }, { stdin, cwd, container }, { redactor, hostPath }) => {
    if ((file === undefined || file === "-") && stdin === undefined) return needsInput;
    const path = file === undefined || file === "-" ? undefined : file.startsWith("/") ? file : `${cwd}/${file}`;
    const text = path === undefined ? String(stdin) : readText(hostPath(container, path));
    if (flags.get("format") !== "json") redactor.add(text.trim());
    else for (const value of Object.values(JSON.parse(text) as Record<string, unknown>)) redactor.add(String(value));
    return done;
  },
  "secret get": ({ rest: [key = ""] }, _, { secrets, redactor }) => {
    const value = secrets.get(key);
    if (value === undefined)
      return refused(`buildkite-agent: no secret "${key}" was given: add it to the file of --secrets`);
    redactor.add(value);
    return printed(value);
  },
  "oidc request-token": () =>
    refused(
      "buildkite-agent: a token can only be signed by Buildkite: log in another way when the build runs here (BUILDKITE_SOURCE is local)",
    ),
};

function readText(path: string): string {
  return readFileSync(path, "utf8");
}
