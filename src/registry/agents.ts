import type { Agent, ClientRequest, RequestOptions } from "node:http";
import type { TlsOptions } from "./endpoint.ts";
import { isLoopback } from "./endpoint.ts";
import { secureOptions } from "./tls.ts";

/** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and their lower case forms. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** The kept-alive connections under one set of TLS options. Modules and certificates load at the first use. */
export class Agents implements Disposable {
  readonly #tls: TlsOptions;
  readonly #proxy: ProxyEnvironment | undefined;
  readonly #made = new Map<string, Promise<Agent>>();
  #systemRoots = false;
  constructor(tls: TlsOptions, proxy: ProxyEnvironment | undefined) {
    this.#tls = tls;
    this.#proxy = proxy;
  }

  /** Trusts the machine's roots as well from now on. False when it already did. */
  trustSystemRoots(): boolean {
    if (this.#systemRoots) return false;
    this.#systemRoots = true;
    return true;
  }

  async module(url: URL): Promise<{ request: (options: RequestOptions) => ClientRequest }> {
    return url.protocol === "http:" ? await import("node:http") : await import("node:https");
  }

  /** Request options that belong to `url`'s scheme. `insecure`: any certificate will do. */
  async options(url: URL, insecure: boolean): Promise<RequestOptions> {
    const proxied = this.#proxy !== undefined && !isLoopback(url.host);
    const key = `${url.protocol}${proxied}${insecure}${this.#systemRoots}`;
    let agent = this.#made.get(key);
    if (agent === undefined) {
      agent = this.#make(url.protocol, proxied, insecure);
      this.#made.set(key, agent);
      agent.catch(() => this.#made.delete(key));
    }
    return { agent: await agent };
  }

  async #make(protocol: string, proxied: boolean, insecure: boolean): Promise<Agent> {
    const common = {
      keepAlive: true,
      maxFreeSockets: 8,
      scheduling: "lifo" as const,
      ...(proxied ? { proxyEnv: { ...this.#proxy } } : {}),
    };
    if (protocol === "http:") return new (await import("node:http")).Agent(common);
    const { Agent } = await import("node:https");
    return new Agent({
      ...common,
      ...(await secureOptions(this.#tls, this.#systemRoots)),
      rejectUnauthorized: !insecure,
    });
  }

  [Symbol.dispose](): void {
    for (const agent of this.#made.values()) agent.then((made) => made.destroy()).catch(() => {});
    this.#made.clear();
  }
}
