import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CooperError, messageOf } from "../../kit/index.ts";
import { isRecord, type PluginConfig } from "./network-list.ts";

/** What plugins hear beside their configuration (CNI specification, section 2). */
export interface Attachment {
  readonly containerId: string;
  /** The network namespace's file. */
  readonly namespace: string;
  readonly pluginDirs: readonly string[];
  /** `NAME=value;…`; empty: none. */
  readonly args: string;
}

export type PluginCommand = "ADD" | "CHECK" | "DEL";

const interfaceName = "eth0";
/** What a plugin may say at most, and for how long it may work. */
const mostOutput = 1 << 20;
const patience = 120_000;

/** The environment of a call; plugins find the system's own tools. */
export function pluginEnvironment(command: PluginCommand, attachment: Attachment): Record<string, string> {
  return {
    PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`,
    CNI_COMMAND: command,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.namespace,
    CNI_IFNAME: interfaceName,
    CNI_PATH: attachment.pluginDirs.join(":"),
    ...(attachment.args !== "" && { CNI_ARGS: attachment.args }),
  };
}

/** The program of a plugin. Throws `executor/no-cni`. */
export function pluginPath(type: string, dirs: readonly string[]): string {
  const path = dirs.map((dir) => join(dir, type)).find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  throw new CooperError("executor/no-cni", `failed to find plugin ${JSON.stringify(type)} in path [${dirs.join(" ")}]`);
}

/** Calls a plugin with its configuration and gives its answer, `undefined` when it says nothing. Throws `executor/network-failed` with the plugin's words. */
export async function callPlugin(
  command: PluginCommand,
  config: PluginConfig,
  attachment: Attachment,
): Promise<Record<string, unknown> | undefined> {
  const { type } = config;
  const path = pluginPath(type, attachment.pluginDirs);
  const { code, stdout, stderr } = await output(path, JSON.stringify(config), pluginEnvironment(command, attachment));
  const answer = parsed(stdout);
  if (code === 0) return answer;
  const said = [answer?.msg, answer?.details].filter((text) => typeof text === "string" && text !== "");
  const why = said.join("; ") || stderr.trim() || stdout.trim() || `exit code ${code}`;
  const verbs = { ADD: "add", CHECK: "check", DEL: "delete" };
  throw failed(`plugin type=${JSON.stringify(type)} failed (${verbs[command]}): ${why}`);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function failed(sentence: string, cause?: unknown): CooperError {
  return new CooperError("executor/network-failed", sentence, { cause });
}

function output(
  path: string,
  input: string,
  env: Record<string, string>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, [], { env, stdio: ["pipe", "pipe", "pipe"], timeout: patience, killSignal: "SIGKILL" });
    const said = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostOutput) child.kill("SIGKILL");
        else chunks.push(chunk);
      });
      return () => Buffer.concat(chunks).toString();
    });
    child.once("error", (cause) => reject(failed(`cannot start ${path}: ${messageOf(cause)}`, cause)));
    child.once("close", (code) => {
      const [stdout = "", stderr = ""] = said.map((text) => text());
      resolve({ code: code ?? -1, stdout, stderr });
    });
    // It may have ended without reading.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
