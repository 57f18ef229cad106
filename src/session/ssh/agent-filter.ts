import { connect, createServer, type Server, type Socket } from "node:net";
import { CooperError } from "../../kit/index.ts";

/** Message numbers of the ssh agent protocol (draft-ietf-sshm-ssh-agent, section 5.1). */
const agentFailure = 5;
const requestIdentities = 11;
const signRequest = 13;

/** The protocol's own limit for one message. */
const maxMessage = 256 * 1024;

/** A socket that stands in front of an agent. */
export interface AgentFilter extends AsyncDisposable {
  readonly socket: string;
}

/**
 * Listens on `socket` and lets through only what a build step needs: listing identities and signing. Everything else
 * (adding, removing, locking, extensions) is answered with a failure and never reaches the agent.
 */
export async function filterAgent(agent: string, socket: string): Promise<AgentFilter> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(agent);
    for (const side of [client, upstream]) {
      open.add(side);
      side.on("error", () => {});
      side.on("close", () => {
        open.delete(side);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    const forward = messageFilter(
      (message) => upstream.write(message),
      (message) => client.write(message),
    );
    client.on("data", (chunk) => {
      if (!forward(chunk as Buffer)) client.destroy();
    });
    client.on("end", () => upstream.end());
  });
  await listen(server, socket);
  return {
    socket,
    async [Symbol.asyncDispose]() {
      for (const side of open) side.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Splits what arrives into messages and sends each one on or refuses it; false when it cannot be the protocol. */
function messageFilter(allow: (message: Buffer) => void, refuse: (answer: Buffer) => void): (chunk: Buffer) => boolean {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 5) {
      const length = pending.readUInt32BE(0);
      if (length === 0 || length > maxMessage) return false;
      if (pending.length < 4 + length) return true;
      const message = pending.subarray(0, 4 + length);
      pending = pending.subarray(4 + length);
      if (message[4] === requestIdentities || message[4] === signRequest) allow(message);
      else refuse(Buffer.from([0, 0, 0, 1, agentFailure]));
    }
    return true;
  };
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new CooperError("session/ssh-failed", `cannot listen for ssh agent requests: ${cause.message}`, { cause }),
      );
    });
    server.listen(socket, () => resolve());
  });
}
