import type { Socket } from "node:net";

interface Piece {
  readonly data: Uint8Array;
}

/** The side of a call that takes what a socket says; with a promise when it is to wait. */
interface Outgoing {
  send(piece: Piece): Promise<void> | undefined;
}

/** Sends what the socket says. It is read no faster than the other side takes it. */
export function sendFrom(socket: Socket, messages: Outgoing): void {
  socket.on("data", (data: Buffer) => {
    const taken = messages.send({ data });
    if (taken === undefined) return;
    socket.pause();
    taken.then(
      () => socket.resume(),
      () => socket.destroy(),
    );
  });
}

/** Writes what comes to the socket, and then its end. Messages are read no faster than the socket takes them. */
export async function writeInto(socket: Socket, messages: AsyncIterable<Piece>): Promise<void> {
  for await (const { data } of messages) {
    if (!socket.write(data) && !(await drained(socket))) return;
  }
  socket.end();
}

/** False when it was closed instead. */
function drained(socket: Socket): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const tell = () => {
      socket.off("drain", tell).off("close", tell);
      resolve(!socket.destroyed);
    };
    socket.once("drain", tell).once("close", tell);
  });
}
