import type { Scope } from "../kit/index.ts";
import type { Credentials, CredentialsSource } from "./contract.ts";

/**
 * Remembers what each source answered for each host: asking may run a credential helper. A source is one build's caller,
 * so nothing is shared between callers; failures are not remembered.
 */
export class CredentialsMemo {
  readonly #known = new WeakMap<CredentialsSource, Map<string, Promise<Credentials>>>();

  get(source: CredentialsSource, host: string, scope: Scope): Promise<Credentials> {
    let hosts = this.#known.get(source);
    if (hosts === undefined) {
      hosts = new Map();
      this.#known.set(source, hosts);
    }
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const asked = source(host, scope);
    hosts.set(host, asked);
    asked.catch(() => hosts.delete(host));
    return asked;
  }
}
