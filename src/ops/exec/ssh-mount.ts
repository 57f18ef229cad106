import { chmodSync, chownSync, closeSync, openSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { CooperError, isCooperError } from "../../kit/index.ts";
import type { SessionFile } from "../../llb/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope } from "../contract.ts";

/** A socket of the step's own that leads to the caller's agent. */
export interface ForwardedAgent extends AsyncDisposable {
  readonly socket: string;
}

/** Undefined when no caller offers that agent and it is optional. Throws `ops/no-ssh`. */
export async function forwardAgent(
  wanted: SessionFile,
  storage: Storage,
  scope: OpScope,
): Promise<ForwardedAgent | undefined> {
  const id = wanted.id === "" ? "default" : wanted.id;
  const agent = await findAgent(id, scope).catch((error: unknown) => {
    if (wanted.optional && isCooperError(error, "session/no-agent")) return undefined;
    throw error;
  });
  if (agent === undefined) {
    if (wanted.optional) return undefined;
    throw new CooperError("ops/no-ssh", `no SSH key ${JSON.stringify(id)} forwarded from the client`, {
      hint: `forward an agent with --ssh ${id}`,
    });
  }
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await storage.temporaryFolder("ssh"));
  chmodSync(folder.path, 0o711);
  const socket = join(folder.path, "agent");
  // The kernel takes 107 bytes of a socket's name: this one is short, however long the folder's is.
  const handle = openSync(folder.path, "r");
  stack.defer(() => closeSync(handle));
  stack.use(await relay(agent, `/proc/self/fd/${handle}/agent`));
  chownSync(socket, wanted.uid, wanted.gid);
  chmodSync(socket, wanted.mode & 0o777);
  const held = stack.move();
  return { socket, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function findAgent(id: string, scope: OpScope): Promise<string | undefined> {
  for (const caller of scope.callers) {
    const socket = await caller.sshAgent(id, scope);
    if (socket !== undefined) return socket;
  }
  return undefined;
}

/** Every connection to `socket` becomes one to `agent`. */
async function relay(agent: string, socket: string): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(agent);
    for (const [side, other] of [[client, upstream] as const, [upstream, client] as const]) {
      open.add(side);
      side.once("error", () => other.destroy());
      side.once("close", () => {
        open.delete(side);
        other.end();
      });
      side.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const side of open) side.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
