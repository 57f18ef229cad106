import type { Scope } from "../kit/index.ts";
import type { HostTable } from "./endpoint.ts";
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

  /** `attempt` with retries, or once when another endpoint is still to be tried. */
  retried<T>(retrying: boolean, scope: Scope, attempt: () => Promise<T>): Promise<T> {
    return withRetries(retrying ? this.backoff : [], scope, attempt);
  }
}
