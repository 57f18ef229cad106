import { connect } from "node:net";
import {
  Code,
  filesync,
  firstOf,
  fsutil,
  type Handler,
  health,
  type MessageStream,
  type Metadata,
  rpcError,
  type ServerCall,
  secrets,
  sshforward,
  streaming,
  unary,
} from "../grpc/index.ts";
import type { Bytes, Scope } from "../kit/index.ts";
import type { Session } from "../session/index.ts";
import { headerList } from "./fsutil/headers.ts";
import { receiveTree } from "./fsutil/receive-tree.ts";
import { sendTree } from "./fsutil/send-tree.ts";
import { header } from "./names.ts";
import { sendFrom, writeInto } from "./relay.ts";
import { blobHandlers } from "./serve-blobs.ts";
import { authorityHandlers } from "./serve-tokens.ts";

/**
 * What a caller elsewhere serves inside its session: everything that `session` offers. `log` is told of what was asked, `onLogin` of what
 * was used of the caller's logins, in upstream's words.
 */
export function sessionHandlers(
  session: Session,
  scope: Scope,
  onLogin: (what: string) => void = () => {},
): readonly Handler[] {
  const shared = new Set<string>();
  const during = (call: Pick<ServerCall<unknown, unknown>, "signal">): Scope => ({
    ...scope,
    signal: AbortSignal.any([scope.signal, call.signal]),
  });
  return [
    streaming(filesync.FileSyncService.DiffCopy, async (call) => {
      const list = (name: string) => headerList(call.metadata, name);
      const name = list(header.directory)[0] ?? "";
      const { path } = await session.localDirectory(name, scope).catch((cause: unknown) => {
        throw rpcError(Code.NOT_FOUND, `no access allowed to dir ${JSON.stringify(name)}`, [], cause);
      });
      const filter = { include: list(header.include), exclude: list(header.exclude), follow: list(header.follow) };
      await sendTree(path, filter, call.messages, during(call));
    }),
    // The other way to send files, which upstream's clients name and serve no more.
    streaming(filesync.FileSyncService.TarStream, () =>
      Promise.reject(rpcError(Code.UNKNOWN, "failed to negotiate protocol")),
    ),
    streaming(filesync.FileSendService.DiffCopy, (call) => takeOutput(session, call, during(call))),
    unary(filesync.AuthService.Credentials, async ({ host }, call) => {
      const found = await session.registryCredentials(host, during(call));
      if (found.kind !== "none" && found.kind !== "bearer" && !shared.has(host)) {
        shared.add(host);
        onLogin(`sharing credentials for ${host}`);
      }
      if (found.kind === "basic") return { username: found.username, secret: found.password };
      return found.kind === "identityToken" ? { secret: found.token } : {};
    }),
    ...authorityHandlers(session, during, onLogin),
    unary(secrets.SecretsService.GetSecret, async ({ id }, call) => {
      const data = await session.secret(id, during(call));
      if (data === undefined) throw rpcError(Code.NOT_FOUND, `secret ${id}: not found`);
      return { data };
    }),
    unary(sshforward.SSHService.CheckAgent, async ({ id }, call) => {
      await agentOf(session, id, during(call));
      return {};
    }),
    streaming(sshforward.SSHService.ForwardAgent, async (call) => {
      const socket = await agentOf(session, firstOf(call.metadata, header.ssh) ?? "", during(call));
      await relay(socket, call);
    }),
    ...blobHandlers(session),
    unary(health.HealthService.Check, async () => ({ status: health.ServingStatus.SERVING })),
  ];
}

/** One exporter's result: a stream of bytes, or a tree for a directory. */
async function takeOutput(
  session: Session,
  call: ServerCall<filesync.BytesMessage, filesync.BytesMessage>,
  scope: Scope,
): Promise<void> {
  const index = Number(firstOf(call.metadata, header.exporter) ?? 0);
  const target = session.output(Number.isInteger(index) ? index : 0);
  call.header();
  if (target.kind === "stream") {
    await target.write(bytesIn(call.messages), exporterMetadata(call.metadata), scope);
  } else if (target.kind === "directory") {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(target.path, { recursive: true, mode: 0o700 });
    const packets = call.messages.as(fsutil.Packet, fsutil.Packet);
    await receiveTree(target.path, packets, { merge: true }, scope);
  } else throw rpcError(Code.UNKNOWN, `exporter ${index} not found`);
}

async function* bytesIn(messages: MessageStream<filesync.BytesMessage, filesync.BytesMessage>): Bytes {
  for await (const { data } of messages) if (data.byteLength > 0) yield data;
}

function exporterMetadata(metadata: Metadata): Record<string, string> {
  const own = [...metadata].filter(([name]) => name.startsWith(header.exporterMetadata));
  return Object.fromEntries(
    own.map(([name, values]) => [name.slice(header.exporterMetadata.length), values.join(",")]),
  );
}

async function agentOf(session: Session, id: string, scope: Scope): Promise<string> {
  const socket = await session.sshAgent(id || "default", scope);
  if (socket !== undefined) return socket;
  throw rpcError(Code.UNKNOWN, `unset ssh forward key ${id || "default"}`);
}

/** Copies between a socket and a call, until either ends. */
async function relay(path: string, call: ServerCall<sshforward.BytesMessage, sshforward.BytesMessage>): Promise<void> {
  const socket = connect(path);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  sendFrom(socket, call.messages);
  call.signal.addEventListener("abort", () => socket.destroy(), { once: true });
  call.header();
  try {
    await Promise.race([closed, writeInto(socket, call.messages).then(() => closed)]);
  } finally {
    // The call may have been cancelled before there was a socket.
    socket.destroy();
  }
}
