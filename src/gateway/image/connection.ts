import { Duplex } from "node:stream";
import type { GatewayProcess } from "../contract.ts";

/** A process's standard output and input as one connection. */
export function connectionOf({ stdin, stdout }: Pick<GatewayProcess, "stdin" | "stdout">): Duplex {
  const connection = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _, done) => {
      if (stdin === undefined || stdin.destroyed || stdin.writableEnded) done();
      else if (stdin.write(chunk)) done();
      else resumed(stdin, done);
    },
    final: (done) => {
      stdin?.end();
      done();
    },
    destroy: (error, done) => {
      stdin?.destroy();
      stdout.destroy();
      done(error);
    },
  });
  stdout.on("data", (chunk: Buffer) => {
    if (!connection.push(chunk)) stdout.pause();
  });
  stdout.once("close", () => connection.push(null));
  return connection.on("error", () => {});
}

/** Goes on when the process has read, or reads no more. */
function resumed(stdin: NonNullable<GatewayProcess["stdin"]>, done: () => void): void {
  const go = () => {
    stdin.off("drain", go);
    stdin.off("close", go);
    done();
  };
  stdin.on("drain", go);
  stdin.on("close", go);
}
