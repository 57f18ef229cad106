import { control, type GrpcClient, GrpcServer, serverSession, tunnel } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import type { Session } from "../session/index.ts";
import { header } from "./names.ts";
import { sessionHandlers } from "./serve-session.ts";

/**
 * Offers `session` to a daemon through its `Control/Session` call, until disposed of. `sharedKey` tells transfers of the same
 * directories of one machine apart from all others. `ended` settles when the call does, and never rejects. `onLogin`: what of the caller's
 * logins the daemon used.
 */
export function attachSession(
  client: GrpcClient,
  session: Session,
  sharedKey: string,
  scope: Scope,
  onLogin?: (what: string) => void,
): AsyncDisposable & { readonly ended: Promise<unknown> } {
  const server = new GrpcServer(sessionHandlers(session, scope, onLogin), { log: scope.log });
  const metadata = new Map<string, readonly string[]>([
    [header.id, [session.id]],
    [header.sharedKey, [sharedKey]],
    [header.name, [""]],
    [header.method, server.methods],
  ]);
  const call = client.call(control.ControlService.Session, { signal: scope.signal, metadata });
  const inner = serverSession(tunnel(call.messages, call.end));
  server.attach(inner);
  return {
    ended: inner.closed,
    async [Symbol.asyncDispose]() {
      inner.destroy();
      call.cancel();
      await server.idle();
    },
  };
}
