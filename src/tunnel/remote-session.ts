import {
  bytesFront,
  Code,
  carriedStatus,
  content,
  filesync,
  fsutil,
  type GrpcClient,
  type Metadata,
  secrets,
  sshforward,
  upload,
} from "../grpc/index.ts";
import { type Bytes, CooperError, PatternMatcher, prefixed, type Scope } from "../kit/index.ts";
import type {
  AskedExporter,
  LocalWanted,
  OutputTarget,
  RegistryCredentials,
  RegistryToken,
  SentTree,
  Session,
  TokenWish,
} from "../session/index.ts";
import { forwardedAgent } from "./forwarded-agent.ts";
import { listHeaders } from "./fsutil/headers.ts";
import { receiveTree } from "./fsutil/receive-tree.ts";
import { sendTree } from "./fsutil/send-tree.ts";
import { header } from "./names.ts";
import { remoteBlobs, sendLayout } from "./remote-blobs.ts";
import { uploaded } from "./uploaded.ts";

/** A caller at the other end of a tunnel. */
export interface RemoteCaller {
  readonly id: string;
  readonly sharedKey: string;
  /** Paths of the calls that it answers. */
  readonly methods: ReadonlySet<string>;
  readonly client: GrpcClient;
}

/** gRPC's own limit, with room for the rest of the message. */
const pieceSize = 512 * 1024;

/** Finds another caller by its session's id, waiting for it a little. Rejects when there is none. */
export type FindCaller = (id: string, scope: Scope) => Promise<RemoteCaller>;

/**
 * A folder with what the last transfer for `purpose` left, of a directory called `name`: the caller's alone until disposal. A second
 * one that wants the same meanwhile gets the next of that name.
 */
export type LendFolder = (purpose: string, name: string) => Promise<Disposable & { readonly path: string }>;

/** What the caller at the other end of a tunnel offers to one build. Dispose of it when the build is over. */
export function remoteSession(
  caller: RemoteCaller,
  lendFolder: LendFolder,
  peers?: FindCaller,
): Session & AsyncDisposable {
  const held = new AsyncDisposableStack();
  const agents = new Map<string, Promise<string | undefined>>();
  const offers = (method: { readonly path: string }) => caller.methods.has(method.path.toLowerCase());
  return {
    id: caller.id,
    async localDirectory(name, scope, wanted) {
      const { sharedKeyHint = name, progress, differ, metadataExcept, ...patterns } = wanted ?? noWish;
      if (!offers(filesync.FileSyncService.DiffCopy))
        throw new CooperError("session/no-local", "no local sources enabled");
      const purpose = `${name}:${sharedKeyHint}:${caller.sharedKey}${metadataExcept ? ":metadata" : ""}`;
      const lent = hold(held, await lendFolder(purpose, name));
      const lists = {
        [header.directory]: [name],
        [header.include]: patterns.include,
        [header.exclude]: patterns.exclude,
        [header.follow]: patterns.follow,
      };
      const call = caller.client.call(filesync.FileSyncService.DiffCopy, {
        signal: scope.signal,
        metadata: listHeaders(lists),
      });
      try {
        const transferred = await receiveTree(
          lent.path,
          call.messages,
          {
            merge: false,
            renew: differ === "none",
            ...(metadataExcept && { only: pathMatcher(metadataExcept) }),
            ...(progress && { progress }),
          },
          scope,
        );
        call.end();
        await untilEnd(call.messages);
        return { name, path: lent.path, transferred };
      } catch (error) {
        throw localError(name, error);
      } finally {
        call.cancel();
      }
    },
    async registryCredentials(host, scope) {
      const { Credentials } = filesync.AuthService;
      if (!offers(Credentials)) return { kind: "none" };
      const { username, secret } = await caller.client.unary(Credentials, { host }, { signal: scope.signal });
      return credentialsOf(username, secret);
    },
    registryToken: (host, wish, scope) => fetchToken(caller, host, wish, scope, offers),
    async secret(id, scope) {
      const { GetSecret } = secrets.SecretsService;
      if (!offers(GetSecret)) return undefined;
      try {
        return (await caller.client.unary(GetSecret, { id }, { signal: scope.signal })).data;
      } catch (error) {
        const code = carriedStatus(error)?.code;
        if (code === Code.NOT_FOUND || code === Code.UNIMPLEMENTED) return undefined;
        throw error;
      }
    },
    sshAgent(id, scope) {
      const known = agents.get(id) ?? openAgent(caller, id, held, scope, offers(sshforward.SSHService.CheckAgent));
      agents.set(id, known);
      return known;
    },
    async peer(other, scope) {
      if (peers === undefined) throw new CooperError("session/no-local", `no active session for ${other}`);
      return held.use(remoteSession(await peers(other, scope), lendFolder));
    },
    upload: (address, scope) =>
      offers(upload.UploadService.Pull) ? uploaded(caller.client, address, scope) : undefined,
    output: (index, exporter) => outputOf(caller, index, exporter, offers),
    ociLayout: async (storeId) => {
      const store = storeId.startsWith("local:") ? storeId : `oci:${storeId}`;
      return offers(content.ContentService.Read) ? remoteBlobs(caller.client, store) : undefined;
    },
    cacheTarget: (dest) =>
      offers(content.ContentService.Write)
        ? { kind: "tree", send: (folder, scope) => sendLayout(caller.client, `local:${dest}`, folder, scope) }
        : { kind: "none" },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const noWish: Partial<LocalWanted> & Pick<LocalWanted, "include" | "exclude" | "follow"> = {
  include: [],
  exclude: [],
  follow: [],
};

function pathMatcher(patterns: readonly string[]): (path: string) => boolean {
  const matcher = new PatternMatcher(patterns);
  return (path) => matcher.matches(path);
}

async function openAgent(
  caller: RemoteCaller,
  id: string,
  held: AsyncDisposableStack,
  scope: Scope,
  offered: boolean,
): Promise<string | undefined> {
  if (!offered) return undefined;
  try {
    await caller.client.unary(sshforward.SSHService.CheckAgent, { id }, { signal: scope.signal });
  } catch (error) {
    const status = carriedStatus(error);
    if (status === undefined) throw error;
    if (status.code === Code.UNIMPLEMENTED) return undefined;
    throw new CooperError("session/no-agent", status.message, {
      hint: `forward an agent with --ssh ${id}`,
      cause: error,
    });
  }
  const agent = await forwardedAgent(caller.client, id);
  if (!held.disposed) return held.use(agent).socket;
  await agent[Symbol.asyncDispose]();
  throw over();
}

/** The folder, until the session's end; one that was lent too late is given back at once. */
function hold<T extends Disposable>(held: AsyncDisposableStack, lent: T): T {
  if (!held.disposed) return held.use(lent);
  lent[Symbol.dispose]();
  throw over();
}

/** Whoever still asks when the build is over was cancelled. */
function over(): CooperError {
  return new CooperError("daemon/stopped", "context canceled");
}

/** How long a caller may take for a token, in milliseconds: upstream's. */
const tokenPatience = 10_000;

/** Undefined when the caller cannot get one itself: older clients, and those that were told not to. */
async function fetchToken(
  caller: RemoteCaller,
  host: string,
  { realm, service, scopes }: TokenWish,
  { signal }: Scope,
  offers: (method: { readonly path: string }) => boolean,
): Promise<RegistryToken | undefined> {
  const { FetchToken } = filesync.AuthService;
  if (!offers(FetchToken)) return undefined;
  const request = { clientID: "buildkit-client", host, realm, service, scopes };
  try {
    const { token, expiresIn, issuedAt } = await caller.client.unary(FetchToken, request, {
      signal,
      timeout: tokenPatience,
    });
    const from = issuedAt > 0n ? Number(issuedAt) * 1000 : Date.now();
    // A tenth is kept in reserve: a token must last until the request arrives.
    return { token, expires: from + Number(expiresIn || 60n) * 900 };
  } catch (error) {
    const code = carriedStatus(error)?.code;
    if (code === Code.UNIMPLEMENTED || code === Code.UNAVAILABLE) return undefined;
    throw prefixed("failed to authorize", error, "session/token-failed");
  }
}

function credentialsOf(username: string, secret: string): RegistryCredentials {
  if (username !== "") return { kind: "basic", username, password: secret };
  return secret === "" ? { kind: "none" } : { kind: "identityToken", token: secret };
}

/** The target does not say whether it is a stream or a directory: the exporter's type does. */
function outputOf(
  caller: RemoteCaller,
  index: number,
  { type, attrs }: AskedExporter = { type: "", attrs: {} },
  offers: (method: { readonly path: string }) => boolean,
): OutputTarget {
  if ((type === "oci" || type === "docker") && isNo(attrs.tar)) {
    if (!offers(content.ContentService.Write)) return { kind: "none" };
    return { kind: "tree", send: (folder, scope) => sendLayout(caller.client, "export", folder, scope) };
  }
  if (!offers(filesync.FileSendService.DiffCopy)) return { kind: "none" };
  const metadata = (more: Readonly<Record<string, string>>): Metadata => {
    const named = Object.entries(more).map(([name, value]) => [header.exporterMetadata + name, [value]] as const);
    return new Map([...named, [header.exporter, [String(index)]]]);
  };
  if (type === "local") {
    const whole = (folder: string) => ({ path: folder, prefix: "", time: undefined });
    return {
      kind: "tree",
      send: (folder, scope) => sendDirectory(caller, whole(folder), metadata({}), scope),
      sendTree: (tree, scope) => sendDirectory(caller, tree, metadata({}), scope),
    };
  }
  return {
    kind: "stream",
    write: async (bytes, more, scope) => {
      try {
        await sendBytes(caller, bytes, metadata(more), scope);
      } catch (error) {
        // The client knows from the digest that it has this image already.
        const known = carriedStatus(error)?.code === Code.ALREADY_EXISTS;
        if (!known || (type !== "oci" && type !== "docker")) throw error;
      }
    },
  };
}

/** Go's words for it. */
function isNo(value: string | undefined): boolean {
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value ?? "");
}

async function sendDirectory(
  caller: RemoteCaller,
  { path, ...options }: SentTree,
  metadata: Metadata,
  scope: Scope,
): Promise<void> {
  const all = new Map([...metadata, [header.multiPlatform, ["1"]]]);
  const call = caller.client.call(filesync.FileSendService.DiffCopy, { signal: scope.signal, metadata: all });
  try {
    await sendTree(path, {}, call.messages.as(fsutil.Packet, fsutil.Packet), scope, options);
    call.end();
    await untilEnd(call.messages);
  } finally {
    call.cancel();
  }
}

async function sendBytes(caller: RemoteCaller, bytes: Bytes, metadata: Metadata, scope: Scope): Promise<void> {
  const call = caller.client.call(filesync.FileSendService.DiffCopy, { signal: scope.signal, metadata });
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.byteLength; at += pieceSize) {
        const piece = chunk.subarray(at, at + pieceSize);
        await call.messages.sendParts(bytesFront(1, piece.byteLength), piece);
      }
    }
    call.end();
    await untilEnd(call.messages);
  } finally {
    call.cancel();
  }
}

/** The other side has taken all and is content; else its error. */
async function untilEnd(messages: { read(): Promise<readonly unknown[] | undefined> }): Promise<void> {
  while ((await messages.read()) !== undefined);
}

function localError(name: string, error: unknown): unknown {
  const status = carriedStatus(error);
  if (status?.code !== Code.NOT_FOUND) return error;
  return new CooperError("session/no-local", status.message, {
    hint: `offer it with --local ${name}=DIRECTORY`,
    cause: error,
  });
}
