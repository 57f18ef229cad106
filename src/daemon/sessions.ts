import {
  Code,
  clientSession,
  control,
  firstOf,
  GrpcClient,
  type Handler,
  rpcError,
  type ServerCall,
  streaming,
  tunnel,
  whenReady,
} from "../grpc/index.ts";
import { raceSignal } from "../kit/index.ts";
import { type RemoteCaller, sessionHeader } from "../tunnel/index.ts";
import { watchHealth } from "./session-health.ts";

type SessionCall = ServerCall<control.BytesMessage, control.BytesMessage>;

/** How long a build may wait for its session: upstream's. */
const patience = 5000;

/** The callers that are connected, by session id. */
export class Sessions {
  readonly #callers = new Map<string, RemoteCaller>();
  #arrival = Promise.withResolvers<void>();

  /** Answers `Control/Session`: the caller can be asked while the call lasts. */
  handler(): Handler {
    return streaming(control.ControlService.Session, (call) => this.#attach(call));
  }

  /** The caller of that session, which may be about to connect. Throws NOT_FOUND. */
  async find(id: string, signal: AbortSignal): Promise<RemoteCaller> {
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    for (;;) {
      const caller = this.#callers.get(id);
      if (caller !== undefined) return caller;
      try {
        await raceSignal(this.#arrival.promise, waiting);
      } catch (error) {
        if (signal.aborted) throw error;
        throw rpcError(Code.NOT_FOUND, `no active session for ${id}: context deadline exceeded`);
      }
    }
  }

  async #attach(call: SessionCall): Promise<void> {
    const id = firstOf(call.metadata, sessionHeader.id) ?? "";
    if (id === "") throw rpcError(Code.INVALID_ARGUMENT, "session id is missing");
    if (this.#callers.has(id)) throw rpcError(Code.ALREADY_EXISTS, `session ${id} already exists`);
    const methods = (call.metadata.get(sessionHeader.method) ?? []).map((name) => name.toLowerCase());
    call.header();
    const inner = clientSession(tunnel(call.messages, () => {}));
    try {
      await whenReady(inner, call.signal);
      const sharedKey = firstOf(call.metadata, sessionHeader.sharedKey) ?? "";
      const client = new GrpcClient(inner);
      this.#callers.set(id, { id, sharedKey, methods: new Set(methods), client });
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers();
      const ended = new Promise<undefined>((resolve) => {
        inner.once("close", () => resolve(undefined));
        call.signal.addEventListener("abort", () => resolve(undefined), { once: true });
      });
      const gone = await Promise.race([ended, watchHealth(client, call.signal)]);
      if (gone !== undefined) throw rpcError(Code.UNAVAILABLE, gone);
    } finally {
      this.#callers.delete(id);
      inner.destroy();
    }
  }
}
