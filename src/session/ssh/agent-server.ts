import { createServer, type Server, type Socket } from "node:net";
import { CooperError } from "../../kit/index.ts";
import type { SshKey } from "./private-key.ts";
import { SshReader, string, uint32 } from "./wire.ts";

/** Message numbers of the ssh agent protocol (draft-ietf-sshm-ssh-agent, section 5.1). */
const agentFailure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** The protocol's own limit for one message. */
const maxMessage = 256 * 1024;

/** A socket on which an agent answers. */
export interface AgentServer extends AsyncDisposable {
  readonly socket: string;
}

/** One client's end of the line: takes whole messages (without their length), answers by `reply`. */
type Conversation = (message: Buffer) => void;

/**
 * Listens on `socket` in front of the agent at `agent` and lets through only what a build step needs: listing identities
 * and signing. Everything else (adding, removing, locking, extensions) fails and never reaches the agent.
 */
export async function filterAgent(agent: string, socket: string): Promise<AgentServer> {
  const { connect } = await import("node:net");
  return serve(socket, (client, open) => {
    const behind = connect(agent);
    open.add(behind);
    behind.on("error", () => {});
    behind.on("close", () => client.destroy());
    client.on("close", () => behind.destroy());
    behind.pipe(client);
    return (message) => {
      const allowed = message[0] === requestIdentities || message[0] === signRequest;
      if (allowed) behind.write(string(message));
      else client.write(string(Buffer.from([agentFailure])));
    };
  });
}

/** Listens on `socket` as an agent that has these keys, and can only list them and sign. */
export function serveKeys(keys: readonly SshKey[], socket: string): Promise<AgentServer> {
  return serve(socket, (client) => (message) => client.write(string(answer(keys, message))));
}

function answer(keys: readonly SshKey[], message: Buffer): Buffer {
  if (message[0] === requestIdentities) {
    const entries = keys.map((key) => Buffer.concat([string(key.publicBlob), string(key.comment)]));
    return Buffer.concat([Buffer.from([identitiesAnswer]), uint32(keys.length), ...entries]);
  }
  if (message[0] !== signRequest) return Buffer.from([agentFailure]);
  try {
    const reader = new SshReader(message.subarray(1));
    const blob = reader.string();
    const data = reader.string();
    const flags = reader.uint32();
    const key = keys.find((one) => one.publicBlob.equals(blob));
    if (key === undefined) return Buffer.from([agentFailure]);
    return Buffer.concat([Buffer.from([signResponse]), string(key.sign(data, flags))]);
  } catch {
    return Buffer.from([agentFailure]);
  }
}

async function serve(
  socket: string,
  converse: (client: Socket, open: Set<Socket>) => Conversation,
): Promise<AgentServer> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    const forward = splitMessages(converse(client, open));
    client.on("data", (chunk: Buffer) => {
      if (!forward(chunk)) client.destroy();
    });
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

/** Splits what arrives into messages; false when it cannot be the protocol. */
function splitMessages(take: Conversation): (chunk: Buffer) => boolean {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0);
      if (length === 0 || length > maxMessage) return false;
      if (pending.length < 4 + length) return true;
      take(pending.subarray(4, 4 + length));
      pending = pending.subarray(4 + length);
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
