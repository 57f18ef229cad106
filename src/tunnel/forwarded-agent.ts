import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GrpcClient, sshforward } from "../grpc/index.ts";
import { header } from "./names.ts";
import { sendFrom, writeInto } from "./relay.ts";

/** A socket on this machine, each connection to which is one to the caller's ssh agent. It goes with the disposal. */
export async function forwardedAgent(
  client: GrpcClient,
  id: string,
): Promise<AsyncDisposable & { readonly socket: string }> {
  const controller = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), "cooper-ssh-"));
  const socket = join(folder, "agent.sock");
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
    connection.on("error", () => {});
    forward(client, id, connection, controller.signal).catch(() => connection.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  return {
    socket,
    async [Symbol.asyncDispose]() {
      controller.abort();
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function forward(client: GrpcClient, id: string, connection: Socket, signal: AbortSignal): Promise<void> {
  const call = client.call(sshforward.SSHService.ForwardAgent, { signal, metadata: new Map([[header.ssh, [id]]]) });
  sendFrom(connection, call.messages);
  connection.once("end", () => call.end());
  connection.once("close", () => call.cancel());
  await writeInto(connection, call.messages);
}
