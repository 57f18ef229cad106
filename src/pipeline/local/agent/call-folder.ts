import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../kit/index.ts";
import type { AgentCall } from "./call.ts";

/** More than any call's words and input together. */
const maxBytes = 64 << 20;
const maxWords = 10_000;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * The folder of one call, which a container wrote and may still write to. Links in it are never followed: they would lead to files of this
 * machine.
 */
export class CallFolder implements Disposable {
  readonly #descriptor: number;
  readonly #path: string;
  #size = 0;
  constructor(path: string) {
    this.#descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#path = `/proc/self/fd/${this.#descriptor}`;
  }

  /** Throws for a call that makes no sense. */
  read(): AgentCall {
    const count = Number(this.#file("count")?.toString("latin1") ?? "");
    if (!(count >= 0 && count <= maxWords)) throw new Error("the call has too many words");
    const { uid, gid } = fstatSync(this.#descriptor);
    const text = (name: string) => this.#file(name)?.toString("utf8") ?? "";
    return {
      args: Array.from({ length: count }, (_, at) => text(`arg.${at}`)),
      cwd: text("cwd").replace(/\n$/, ""),
      env: variables(text("env")),
      container: text("container"),
      uid,
      gid,
      stdin: this.#file("stdin"),
    };
  }

  write(name: string, text: string): void {
    rmSync(join(this.#path, name), { force: true });
    const file = openSync(join(this.#path, name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
  }

  /** Hands the answer to who waits at the pipe; false when nobody does yet. Without a pipe it becomes a file. */
  tell(text: string): boolean {
    try {
      const pipe = openSync(join(this.#path, "answer"), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
      try {
        if (fstatSync(pipe).isFIFO()) writeFileSync(pipe, text);
      } finally {
        closeSync(pipe);
      }
    } catch (error) {
      if (errnoOf(error) === "ENXIO") return false;
      if (errnoOf(error) !== "ENOENT") throw error;
      this.write("answered.new", text);
      renameSync(join(this.#path, "answered.new"), join(this.#path, "answered"));
    }
    return true;
  }

  #file(name: string): Buffer | undefined {
    let file: number;
    try {
      file = openSync(join(this.#path, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
    try {
      const stats = fstatSync(file);
      this.#size += stats.size;
      if (!stats.isFile() || this.#size > maxBytes) throw new Error(`the call's ${name} is no file, or too large`);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** What `env` prints; lines that start no variable belong to the one before. */
function variables(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let name = "";
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(line);
    if (match !== null) {
      name = match[1] ?? "";
      found.set(name, match[2] ?? "");
    } else if (name !== "" && line !== "") found.set(name, `${found.get(name)}\n${line}`);
  }
  return found;
}
