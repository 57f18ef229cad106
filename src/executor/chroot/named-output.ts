import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";

/** Reads a named pipe until `close`, then what is still in it. */
export interface NamedOutput {
  close(): Promise<void>;
}

/** Hands on what is written to the pipe at `path`. */
export function readNamedPipe(path: string, output: (chunk: Uint8Array) => void): NamedOutput {
  const { socket, ended, letGo } = openNamedPipe(path);
  socket.on("data", output);
  return {
    close: () => {
      letGo();
      return ended;
    },
  };
}

/** A process's output, and what is written to a named pipe meanwhile, as one stream with back pressure. It ends after both, and after `letGo`. */
export interface JoinedOutput {
  readonly stream: Readable;
  letGo(): void;
}

export function joinNamedPipe(own: Readable, path: string): JoinedOutput {
  const { socket, ended, letGo } = openNamedPipe(path);
  const stream = new PassThrough();
  const sources = [own, socket];
  for (const source of sources) source.pipe(stream, { end: false });
  const ownEnded = new Promise<void>((resolve) => own.once("close", () => resolve()));
  void Promise.all([ownEnded, ended]).then(() => stream.end());
  stream.once("close", () => {
    for (const source of sources) source.destroy();
  });
  return { stream, letGo };
}

/** A writing end of its own keeps it open between writers, until `letGo`. */
function openNamedPipe(path: string) {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const keeper = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: reader, readable: true, writable: false });
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  return { socket, ended, letGo: () => closeSync(keeper) };
}
