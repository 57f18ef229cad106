import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";

/** Reads a named pipe until `close`, then what is still in it. */
export interface NamedOutput {
  close(): Promise<void>;
}

/** Hands on what is written to the pipe at `path`. A writing end of its own keeps it open between writers. */
export function readNamedPipe(path: string, output: (chunk: Uint8Array) => void): NamedOutput {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const keeper = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: reader, readable: true, writable: false });
  socket.on("data", output);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  return {
    close: () => {
      closeSync(keeper);
      return ended;
    },
  };
}
