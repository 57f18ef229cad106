import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientSession, GrpcClient, GrpcServer, serverSession, sshforward } from "../grpc/index.ts";
import { quietScope } from "../kit/index.ts";
import { createLocalSession, type Session } from "../session/index.ts";
import { sessionHandlers } from "./serve-session.ts";

test("a connection to an ssh agent ends with its call, even when that was cancelled before the agent was found", async () => {
  await using open = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "cooper-serve-"));
  open.defer(() => rmSync(folder, { recursive: true, force: true }));
  const agentPath = join(folder, "agent");
  const closed = Promise.withResolvers<string>();
  await listening(open, agentPath, (connection) => connection.once("close", () => closed.resolve("closed")).resume());

  const asked = Promise.withResolvers<void>();
  const local = open.use(
    await createLocalSession({
      ...{ id: "s", locals: {}, secrets: [], ssh: [], outputs: [], ociLayouts: {}, env: { HOME: folder } },
      stdout: () => process.stdout,
      warn: () => {},
    }),
  );
  const sshAgent: Session["sshAgent"] = async (_, scope) => {
    asked.resolve();
    await new Promise((resolve) => scope.signal.addEventListener("abort", resolve));
    return agentPath;
  };
  const rpc = new GrpcServer(sessionHandlers({ ...local, sshAgent }, quietScope));
  const path = join(folder, "rpc");
  await listening(open, path, (socket) => rpc.attach(serverSession(socket)));
  const connection = clientSession(connect(path));
  open.defer(() => connection.destroy());

  const controller = new AbortController();
  new GrpcClient(connection).call(sshforward.SSHService.ForwardAgent, { signal: controller.signal });
  await asked.promise;
  controller.abort(new Error("enough"));
  expect(await closed.promise).toBe("closed");
});

async function listening(open: AsyncDisposableStack, path: string, onSocket: (socket: Socket) => void): Promise<void> {
  const server: Server = createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  open.defer(() => void server.close());
}
