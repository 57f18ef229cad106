import { remote } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/**
 * `dial-stdio`: copies between standard input and output and the daemon's socket, so that whoever can start this program (through
 * ssh, docker exec, …) has a connection to the daemon. Ends when the daemon's side does.
 */
export async function dialStdio(values: FlagValues, io: Io): Promise<number> {
  const address = values.string("addr");
  const [scheme] = address.split("://");
  if (!address.includes("://")) throw new CooperError("cli/bad-value", `invalid address ${address}`);
  if (scheme !== "unix") {
    throw new CooperError("cli/bad-value", `invalid address ${address} (expected unix://, got ${scheme}://)`);
  }
  const { openSocket } = await remote();
  const timeout = values.int("timeout") * 1000;
  const signal = timeout > 0 ? AbortSignal.timeout(timeout) : new AbortController().signal;
  const socket = await openSocket({ address, timeout }, signal);
  const out = io.stdoutStream();
  const { stdin } = process;
  await new Promise<void>((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      socket.pause();
      out.write(chunk, (error) => (error ? reject(error) : void socket.resume()));
    });
    socket.once("end", resolve);
    socket.once("close", resolve);
    socket.once("error", reject);
    stdin.once("error", reject);
    stdin.pipe(socket);
  });
  socket.destroy();
  // A terminal, or a program that keeps our input open, would keep us alive.
  stdin.destroy();
  return 0;
}
