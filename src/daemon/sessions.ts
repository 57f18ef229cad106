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
import { Bell } from "../kit/index.ts";
import { type RemoteCaller, sessionHeader } from "../tunnel/index.ts";
import { healthTiming, watchHealth } from "./session-health.ts";

type SessionCall = ServerCall<control.BytesMessage, control.BytesMessage>;

/** How long a build may wait for its session. Upstream's 5 s are short for a client that hardly gets a core. */
const patience = 20_000;
/** How long a caller may take to speak HTTP/2 inside its call. */
const handshake = 20_000;
/** So many callers at once; far above anything real. */
const mostCallers = 10_000;

/** The callers that are connected, by session id. */
export class Sessions {
  readonly #callers = new Map<string, RemoteCaller>();
  readonly #arrival = new Bell();

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
        await this.#arrival.next(waiting);
      } catch (error) {
        if (signal.aborted) throw error;
        throw rpcError(Code.NOT_FOUND, `no active session for ${id}: context deadline exceeded`);
      }
    }
  }

  async #attach(call: SessionCall): Promise<void> {
    const id = firstOf(call.metadata, sessionHeader.id) ?? "";
    if (id === "") throw rpcError(Code.INVALID_ARGUMENT, "session id is missing");
    this.#checkRoom(id);
    const methods = (call.metadata.get(sessionHeader.method) ?? []).map((name) => name.toLowerCase());
    call.header();
    const inner = clientSession(tunnel(call.messages, () => {}));
    let caller: RemoteCaller | undefined;
    try {
      await whenReady(inner, AbortSignal.any([call.signal, AbortSignal.timeout(handshake)]));
      this.#checkRoom(id);
      const sharedKey = firstOf(call.metadata, sessionHeader.sharedKey) ?? "";
      const client = new GrpcClient(inner);
      caller = { id, sharedKey, methods: new Set(methods), client };
      this.#callers.set(id, caller);
      this.#arrival.ring();
      const ended = new Promise<undefined>((resolve) => {
        void inner.closed.then(() => resolve(undefined));
        call.signal.addEventListener("abort", () => resolve(undefined), { once: true });
      });
      const timing = healthTiming(firstOf(call.metadata, sessionHeader.healthTimeout));
      const gone = await Promise.race([ended, watchHealth(client, call.signal, timing)]);
      if (gone !== undefined) throw rpcError(Code.UNAVAILABLE, gone);
    } finally {
      if (caller !== undefined) this.#callers.delete(id);
      inner.destroy();
    }
  }

  /** Asked twice: two may begin at once. */
  #checkRoom(id: string): void {
    if (this.#callers.has(id)) throw rpcError(Code.ALREADY_EXISTS, `session ${id} already exists`);
    if (this.#callers.size >= mostCallers) throw rpcError(Code.RESOURCE_EXHAUSTED, "too many sessions");
  }
}
