import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { processRights } from "../../sys/index.ts";
import { findProgram, usualPath } from "../runtime/find.ts";
import { idMappings } from "./id-maps.ts";
import { endTrouble, spawnTrouble, troubleOf } from "./mount-trial.ts";

/** A user and a mount namespace, held open by a process until `close`. */
export interface UserNamespace {
  readonly pid: number;
  readonly ids: "many" | "one";
  /** Why there is only one id. */
  readonly idTrouble?: string;
  close(): Promise<void>;
}

/** What makes a new user namespace useful, tried inside of it (see `mountTrouble`). */
const trial = 'd=/sys; [ -d "$d" ] || d=/tmp; mount -t tmpfs none "$d" && umount "$d"';

/** Opens a user namespace with as many ids as this process may give it, in which mounting works; or says why there is none. */
export async function openUserNamespace(): Promise<UserNamespace | string> {
  if (read("/proc/sys/user/max_user_namespaces").trim() === "0") return "user.max_user_namespaces is 0 on this node";
  let idTrouble: string | undefined;
  for (const { ids, map } of idMappings(processRights())) {
    const holder = await startHolder(["-U", "-m"]);
    if (typeof holder === "string") return holder;
    const mapTrouble = await map(holder.pid);
    if (mapTrouble === undefined) {
      const inside = ["-U", "-m", "--preserve-credentials", "-t", String(holder.pid), "sh", "-c", trial];
      const trouble = await troubleOf("nsenter", inside);
      if (trouble === undefined) return { ...holder, ids, ...(idTrouble !== undefined && { idTrouble }) };
      await holder.close();
      return `in a user namespace: ${trouble}`;
    }
    idTrouble ??= mapTrouble;
    await holder.close();
  }
  return idTrouble ?? "no way to map ids";
}

/** A process that waits for the end of its input, in namespaces of its own. */
export interface Holder {
  readonly pid: number;
  close(): Promise<void>;
}

/** `namespaces`: flags of unshare(1). Says why it could not. */
export async function startHolder(namespaces: readonly string[]): Promise<Holder | string> {
  const child = spawn(findProgram("unshare") ?? "unshare", [...namespaces, "sh", "-c", "echo; read -r _"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, PATH: usualPath() },
  });
  const trouble = await readiness(child);
  if (trouble !== undefined) return trouble;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    pid: child.pid ?? 0,
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}

function readiness(child: ChildProcess): Promise<string | undefined> {
  const said: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  child.stdin?.once("error", () => {});
  return new Promise((resolve) => {
    child.stdout?.once("data", () => resolve(undefined));
    child.once("error", (error) => resolve(spawnTrouble("unshare", error)));
    child.once("close", (code, signal) => resolve(endTrouble("unshare", code, signal, Buffer.concat(said).toString())));
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
