import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DaemonConnection, remote } from "../../client/index.ts";
import { startDaemon } from "../../daemon/index.ts";
import type { Scope } from "../../kit/index.ts";
import { engineOptions } from "../daemon/options.ts";
import type { Io } from "../io.ts";

/**
 * What `buildctl-daemonless.sh` asks when it does not build: a daemon in this process, with the options in `BUILDKITD_FLAGS`, on a
 * socket that nobody else can reach. It ends with the connection.
 */
export async function connectEmbedded(io: Io, scope: Scope): Promise<DaemonConnection> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "cooper-daemonless-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const address = `unix://${join(folder, "sock")}`;
  const warn = (sentence: string) => io.stderr(`WARNING: ${sentence}\n`);
  const engine = await engineOptions(io.around.env, io.around.cwd, warn);
  const daemon = await startDaemon({ engine, addresses: [address], labels: {} }, scope);
  opened.defer(() => daemon.shutDown(0));
  const { dial } = await remote();
  const connection = opened.use(await dial({ address, timeout: 30_000 }, scope));
  const all = opened.move();
  return {
    client: connection.client,
    session: connection.session,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
