import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DaemonAddress, type DaemonConnection, type OpenEngine, remote } from "../../client/index.ts";
import { CooperError, type Scope } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** The daemon that the flags name. Throws `cli/bad-value`. */
export function daemonAddress(values: FlagValues, cwd: string): DaemonAddress {
  const tls = tlsOf(values, cwd);
  const serverName = values.string("tlsservername");
  return {
    address: values.string("addr"),
    timeout: values.int("timeout") * 1000,
    ...((tls !== undefined || serverName !== "") && { tls: { ...tls, ...(serverName !== "" && { serverName }) } }),
  };
}

/** An engine in the daemon that the flags name. */
export function daemonEngine(values: FlagValues, around: Io["around"]): OpenEngine {
  return async (options, scope) => (await remote()).remoteEngine(daemonAddress(values, around.cwd))(options, scope);
}

/** Runs `work` with a connection to the daemon that the flags name. */
export async function withDaemon<T>(
  values: FlagValues,
  io: Io,
  scope: Scope,
  work: (daemon: DaemonConnection) => Promise<T>,
): Promise<T> {
  const { dial } = await remote();
  await using daemon = await dial(daemonAddress(values, io.around.cwd), scope);
  return await work(daemon);
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

function filesIn(folder: string): Record<string, string | undefined> {
  const found = (names: readonly string[]) => names.map((name) => join(folder, name)).find((path) => existsSync(path));
  return { ca: found(fileNames.ca), cert: found(fileNames.cert), key: found(fileNames.key) };
}
