import { connect } from "node:net";
import { sleep } from "../../src/kit/index.ts";

/** Whether somebody listens at a unix socket. */
export function dials(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

/** Waits until somebody does: its file is there a moment before. The test's own patience ends it. */
export async function untilDials(path: string): Promise<void> {
  while (!(await dials(path))) await sleep(20);
}
