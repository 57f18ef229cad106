import { Code, type Handler, health, rpcError, streaming, unary } from "../grpc/index.ts";
import { Bell, raceSignal } from "../kit/index.ts";

/** gRPC's health checks: the server as a whole, under the empty name. */
export class Health {
  #draining = false;
  /** Calls that want to hear of it. */
  readonly change = new Bell();

  get draining(): boolean {
    return this.#draining;
  }

  /** Not to be used for new builds any more. */
  drain(): void {
    this.#draining = true;
    this.change.ring();
  }

  handlers(): readonly Handler[] {
    const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.ServingStatus;
    const status = () => (this.#draining ? NOT_SERVING : SERVING);
    return [
      unary(health.HealthService.Check, async ({ service }) => {
        if (service !== "") throw rpcError(Code.NOT_FOUND, "unknown service");
        return { status: status() };
      }),
      streaming(health.HealthService.Watch, async ({ messages, signal }) => {
        const [request] = (await messages.read()) ?? [];
        const known = (request?.service ?? "") === "";
        const told = known ? status() : SERVICE_UNKNOWN;
        await messages.send({ status: told });
        if (told === SERVING) {
          if (!this.#draining) await this.change.next(signal);
          await messages.send({ status: status() });
        }
        await raceSignal(new Promise<never>(() => {}), signal);
      }),
    ];
  }
}
