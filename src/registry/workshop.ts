import type { Digest, Scope } from "../kit/index.ts";
import type { Endpoint, HostTable } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { type Backoff, withRetries } from "./retry.ts";

/** What every piece of the client works with. */
export class Workshop {
  readonly hosts: HostTable;
  readonly exchange: Exchange;
  readonly backoff: Backoff;
  constructor(hosts: HostTable, exchange: Exchange, backoff: Backoff) {
    this.hosts = hosts;
    this.exchange = exchange;
    this.backoff = backoff;
  }

  /** Mirrors that served other bytes under a digest: `endpoint digest`. */
  readonly #liars = new Set<string>();

  /** Remembers that the endpoint served other bytes, so that another one is asked next time. */
  distrust(endpoint: Endpoint, digest: Digest): void {
    this.#liars.add(`${endpoint.host}${endpoint.prefix} ${digest}`);
  }
  isTrusted(endpoint: Endpoint, digest: Digest): boolean {
    return !this.#liars.has(`${endpoint.host}${endpoint.prefix} ${digest}`);
  }

  /** `attempt` with retries, or once when another endpoint is still to be tried. */
  retried<T>(retrying: boolean, scope: Scope, attempt: () => Promise<T>): Promise<T> {
    return withRetries(retrying ? this.backoff : [], scope, attempt);
  }
}
