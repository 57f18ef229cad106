import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CooperError, errnoOf, lazy, messageOf } from "../../kit/index.ts";
import type { AgentServer } from "./agent-server.ts";
import type { SshKey } from "./private-key.ts";

/** An ssh agent to forward: the path of its socket, or of private keys; no path: `SSH_AUTH_SOCK`. Empty id: `default`. */
export interface SshSource {
  readonly id: string;
  readonly paths: readonly string[];
  /** Forward the socket as it is, whatever protocol it speaks. */
  readonly raw: boolean;
}

export interface SshAgents extends AsyncDisposable {
  /** Path of a socket that speaks the agent protocol, or undefined when the caller has none of that id. Starts at the first call. */
  socket(id: string): Promise<string | undefined>;
}

/** What a source turned out to be. */
type Identity =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "keys"; readonly keys: readonly SshKey[] };

const maxKeySize = 100 * 1024;

/**
 * Checks the sources now (`session/bad-ssh`), connects later. Steps may list identities and sign, and nothing else: the
 * sockets handed out, unless raw, are our own, in a private folder that is removed at the end.
 */
export async function openSshAgents(sources: readonly SshSource[], env: NodeJS.ProcessEnv): Promise<SshAgents> {
  const sockets = new Map<string, () => Promise<string>>();
  const servers: AgentServer[] = [];
  const folders: string[] = [];
  const start = async (identity: Identity) => {
    const { filterAgent, serveKeys } = await import("./agent-server.ts");
    const folder = await mkdtemp(join(tmpdir(), "cooper-ssh-"));
    folders.push(folder);
    const socket = join(folder, "agent.sock");
    const server = identity.kind === "keys" ? serveKeys(identity.keys, socket) : filterAgent(identity.path, socket);
    servers.push(await server);
    return socket;
  };
  for (const source of sources) {
    const id = source.id || "default";
    if (sockets.has(id)) throw new CooperError("session/bad-ssh", `duplicate agent ID ${JSON.stringify(id)}`);
    const identity = await identify({ ...source, id }, env);
    const raw = source.raw && identity.kind === "socket";
    sockets.set(id, raw ? async () => identity.path : lazy(() => start(identity)));
  }
  return {
    socket: async (id) => sockets.get(id || "default")?.(),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}

/** Looks at the source's paths: one socket, or keys. */
async function identify(source: SshSource, env: NodeJS.ProcessEnv): Promise<Identity> {
  const given = source.paths.filter((path) => path !== "");
  const paths = given.length > 0 ? given : [env.SSH_AUTH_SOCK ?? ""];
  try {
    if (paths[0] === "") throw bad("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set");
    return await lookAt(paths, source);
  } catch (cause) {
    const shown = `{${source.id} [${source.paths.join(" ")}] ${source.raw}}`;
    throw new CooperError("session/bad-ssh", `failed to convert agent config ${shown}: ${messageOf(cause)}`, { cause });
  }
}

async function lookAt(paths: readonly string[], source: SshSource): Promise<Identity> {
  const about = (reason: string) =>
    bad(`failed to convert agent config for ID: ${JSON.stringify(source.id)}: ${reason}`);
  const keys: SshKey[] = [];
  let socket: string | undefined;
  for (const path of paths) {
    if (socket !== undefined) throw about("only single socket allowed");
    const found = await readSource(path).catch((cause: unknown) => {
      throw about(messageOf(cause));
    });
    if (found === "socket") socket = path;
    else if (source.raw) throw about("raw mode only supported with socket paths");
    else keys.push(found);
  }
  if (socket === undefined) return { kind: "keys", keys };
  if (keys.length > 0) throw about("invalid combination of keys and sockets");
  return { kind: "socket", path: socket };
}

async function readSource(path: string): Promise<SshKey | "socket"> {
  const found = await stat(path).catch((cause: unknown) => {
    throw bad(errnoOf(cause) === "ENOENT" ? `stat ${path}: no such file or directory` : messageOf(cause));
  });
  if (found.isSocket()) return "socket";
  if (found.isDirectory()) throw bad(`failed to read ${path}: read ${path}: is a directory`);
  if (!found.isFile() || found.size > maxKeySize) throw bad(`failed to parse ${path}: ssh: no key found`);
  const { parsePrivateKey } = await import("./private-key.ts");
  try {
    return parsePrivateKey(await readFile(path, "latin1"), path);
  } catch (cause) {
    throw bad(`failed to parse ${path}: ${messageOf(cause)}`);
  }
}

function bad(reason: string): CooperError {
  return new CooperError("session/bad-ssh", reason);
}
