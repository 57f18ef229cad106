import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DaemonAddress, type DaemonConnection, type OpenEngine, remote } from "../../client/index.ts";
import { CooperError, isCooperError, lazy, type Scope, sleep } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** The daemon that the flags name. Throws `cli/bad-value`. */
function daemonAddress(values: FlagValues, cwd: string): DaemonAddress {
  const tls = tlsOf(values, cwd);
  const serverName = values.string("tlsservername");
  return {
    address: values.string("addr"),
    timeout: values.int("timeout") * 1000,
    ...(tls !== undefined && { tls: { ...tls, ...(serverName !== "" && { serverName }) } }),
  };
}

/** An engine in the daemon that the flags name. */
export function daemonEngine(values: FlagValues, around: Io["around"]): OpenEngine {
  return async (options, scope) => {
    const place = daemonAddress(values, around.cwd);
    const connect = (inner: Scope) => dialDaemon(values, around.cwd, inner);
    return (await remote()).remoteEngine(place, connect)(options, scope);
  };
}

/** Runs `work` with a connection to the daemon that the flags name; it is dialled when `work` first asks for it. */
export async function withDaemon<T>(
  values: FlagValues,
  io: Io,
  scope: Scope,
  work: (daemon: () => Promise<DaemonConnection>) => Promise<T>,
  connect = (inner: Scope): Promise<DaemonConnection> => dialDaemon(values, io.around.cwd, inner),
): Promise<T> {
  await using opened = new AsyncDisposableStack();
  const daemon = lazy(async () => opened.use(await connect(scope)));
  return await work(daemon);
}

/** How long `--wait` pauses between two tries, in milliseconds. */
const pause = 1000;

/** Dials. With `--wait` until somebody answers, for as long as `--timeout` says. */
async function dialDaemon(values: FlagValues, cwd: string, scope: Scope): Promise<DaemonConnection> {
  const [place, { dial, queries }] = [daemonAddress(values, cwd), await remote()];
  if (!values.bool("wait")) return dial(place, scope);
  const until = place.timeout > 0 ? Date.now() + place.timeout : Number.POSITIVE_INFINITY;
  for (;;) {
    try {
      const daemon = await dial(place, scope);
      await queries.info(daemon, scope);
      return daemon;
    } catch (error) {
      if (!isCooperError(error, "client/unreachable")) throw error;
    }
    if (Date.now() + pause > until) throw new CooperError("client/unreachable", "context deadline exceeded");
    await sleep(pause, scope.signal);
  }
}

const fileNames = { ca: ["ca.pem", "ca.crt"], cert: ["cert.pem", "tls.crt"], key: ["key.pem", "tls.key"] } as const;

function tlsOf(values: FlagValues, cwd: string): Omit<NonNullable<DaemonAddress["tls"]>, "serverName"> | undefined {
  const [ca, cert, key, folder] = ["tlscacert", "tlscert", "tlskey", "tlsdir"].map((name) => values.string(name));
  if (folder && (ca || cert || key)) {
    throw new CooperError("cli/bad-value", "cannot specify tlsdir and tlscacert/tlscert/tlskey at the same time");
  }
  const named = folder ? filesIn(resolve(cwd, folder)) : { ca, cert, key };
  const given = Object.entries(named).filter(([, path]) => path);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([name, path]) => [name, resolve(cwd, path ?? "")]));
}

/** Throws `cli/bad-value`, when one is missing. */
function filesIn(folder: string): Record<string, string> {
  const entries = Object.entries(fileNames).map(([kind, names]) => {
    const found = names.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return [kind, found] as const;
    throw new CooperError(
      "cli/bad-value",
      `directory did not contain one of the needed files: ${names[0]} or ${names[1]}`,
    );
  });
  return Object.fromEntries(entries);
}
