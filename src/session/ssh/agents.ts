import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CooperError, errnoOf, lazy, messageOf } from "../../kit/index.ts";
import type { AgentFilter } from "./agent-filter.ts";

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

const maxKeySize = 100 * 1024;

/**
 * Checks the sources now (`session/bad-ssh`), connects later. Steps may list identities and sign, and nothing else: the
 * sockets handed out are filters in front of the agent, in a private folder that is removed at the end.
 */
export async function openSshAgents(sources: readonly SshSource[], env: NodeJS.ProcessEnv): Promise<SshAgents> {
  const sockets = new Map<string, () => Promise<string>>();
  const filters: AgentFilter[] = [];
  const folder = lazy(() => mkdtemp(join(tmpdir(), "cooper-ssh-")));
  let folderMade = false;
  for (const source of sources) {
    const id = source.id || "default";
    if (sockets.has(id)) throw new CooperError("session/bad-ssh", `duplicate agent ID ${JSON.stringify(id)}`);
    const path = await checkedSocket({ ...source, id }, env);
    const start = async () => {
      const { filterAgent } = await import("./agent-filter.ts");
      folderMade = true;
      const filter = await filterAgent(path, join(await folder(), `agent.${filters.length}`));
      filters.push(filter);
      return filter.socket;
    };
    sockets.set(id, source.raw ? async () => path : lazy(start));
  }
  return {
    socket: async (id) => sockets.get(id || "default")?.(),
    async [Symbol.asyncDispose]() {
      await Promise.all(filters.map((filter) => filter[Symbol.asyncDispose]()));
      if (folderMade) await rm(await folder(), { recursive: true, force: true });
    },
  };
}

/** The one socket that the source means. */
async function checkedSocket(source: SshSource, env: NodeJS.ProcessEnv): Promise<string> {
  const shown = `{${source.id} [${source.paths.join(" ")}] ${source.raw}}`;
  const refuse = (reason: string, extras: { hint?: string; cause?: unknown } = {}) =>
    new CooperError("session/bad-ssh", `failed to convert agent config ${shown}: ${reason}`, extras);
  const given = source.paths.filter((path) => path !== "");
  const paths = given.length > 0 ? given : [env.SSH_AUTH_SOCK ?? ""];
  const [path = ""] = paths;
  if (path === "") throw refuse("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set");
  const about = `failed to convert agent config for ID: ${JSON.stringify(source.id)}`;
  const kinds = await Promise.all(paths.map((one) => kindOf(one)));
  for (const [index, kind] of kinds.entries()) {
    if (kind.kind === "bad") throw refuse(`${about}: ${kind.reason}`);
    if (kind.kind === "socket" && index > 0) throw refuse(`${about}: only single socket allowed`);
  }
  if (kinds[0]?.kind === "socket") return path;
  if (source.raw) throw refuse(`${about}: raw mode only supported with socket paths`);
  throw refuse(`${about}: forwarding key files is not supported yet`, {
    hint: `start an agent: eval "$(ssh-agent)" && ssh-add ${path}, then use --ssh ${source.id}`,
  });
}

type PathKind =
  | { readonly kind: "socket" }
  | { readonly kind: "key" }
  | { readonly kind: "bad"; readonly reason: string };

async function kindOf(path: string): Promise<PathKind> {
  try {
    const found = await stat(path);
    if (found.isSocket()) return { kind: "socket" };
    if (found.isDirectory()) return { kind: "bad", reason: `failed to read ${path}: read ${path}: is a directory` };
    if (found.size > maxKeySize) return { kind: "bad", reason: `failed to parse ${path}: ssh: no key found` };
    const text = await readFile(path, "latin1");
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
    return key ? { kind: "key" } : { kind: "bad", reason: `failed to parse ${path}: ssh: no key found` };
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? `stat ${path}: no such file or directory` : messageOf(error);
    return { kind: "bad", reason };
  }
}
