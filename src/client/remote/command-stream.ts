import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { CooperError } from "../../kit/index.ts";
import type { HelperCommand } from "./helper-command.ts";

/** So much of what the program says last is shown when it ends badly. */
const keptOutput = 4096;
/** How long the program may take to end when its input has, in milliseconds. */
const patience = 3000;

/**
 * Starts the program and gives its standard input and output as one stream. The program ends with the stream. When it ends before,
 * the stream fails with `client/unreachable` and what the program said.
 */
export function commandStream({ program, args }: HelperCommand): Duplex {
  // A process group of its own: an interrupt at the terminal is for us, who then end the build and the program.
  const child = spawn(program, [...args], { stdio: ["pipe", "pipe", "pipe"], detached: true });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-keptOutput);
  });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    // A program that takes no more is ending: its end, with what it said, is the error.
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, (error) => void (error ?? done())),
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.stdin.destroy();
      child.stdout.destroy();
      const late = setTimeout(() => child.kill("SIGKILL"), patience).unref();
      child.once("exit", () => clearTimeout(late));
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      done(error);
    },
  });
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.once("error", (cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "executable file not found in $PATH" : cause.message;
    stream.destroy(failure(`exec: ${JSON.stringify(program)}: ${reason}`, cause));
  });
  child.once("close", (code, signal) => {
    const ended = signal === null ? `exit status ${code}` : `signal: ${signal}`;
    const command = `command [${[program, ...args].join(" ")}] has exited with ${ended}`;
    stream.destroy(failure(`${command}, make sure the URL is valid: stderr=${said}`));
  });
  return stream;
}

function failure(sentence: string, cause?: unknown): CooperError {
  return new CooperError("client/unreachable", sentence, { cause });
}
