import { generateKeyPair, type KeyObject } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { promisify } from "node:util";
import { makeCertificate } from "./certificate.ts";

const hour = 60 * 60 * 1000;
const lifetimes = { own: 10 * 365 * 24 * hour, host: 24 * hour };
/** A host's certificate is made anew so long before it is over. */
const reserve = hour;
/** So many hosts are remembered: upstream's. */
const mostHosts = 1024;
/** Upstream's. */
const name = "BuildKit exec proxy";

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Who vouches for hosts, towards steps alone: its key lives in this process and is written nowhere. */
export class Authority {
  /** What steps have to trust, as PEM. */
  readonly certificate: string;
  readonly #own: KeyPair;
  /** One key for all hosts: to make one takes longer than to fetch a page. */
  readonly #hosts: KeyPair;
  readonly #known = new Map<string, { readonly context: SecureContext; readonly until: number }>();

  private constructor(own: KeyPair, hosts: KeyPair) {
    this.#own = own;
    this.#hosts = hosts;
    this.certificate = this.#make(own.publicKey, name, undefined, lifetimes.own);
  }

  static async create(): Promise<Authority> {
    const make = () => promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    const [own, hosts] = await Promise.all([make(), make()]);
    return new Authority(own, hosts);
  }

  /** What a TLS server is that host with. */
  contextOf(host: string): SecureContext {
    const known = this.#known.get(host);
    this.#known.delete(host);
    const usable = known !== undefined && known.until > Date.now() ? known : this.#renewed(host);
    this.#known.set(host, usable);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostHosts && oldest !== undefined) this.#known.delete(oldest);
    return usable.context;
  }

  #renewed(host: string): { readonly context: SecureContext; readonly until: number } {
    const cert = this.#make(this.#hosts.publicKey, host.slice(0, 64), host, lifetimes.host);
    const key = this.#hosts.privateKey.export({ type: "pkcs8", format: "pem" });
    return { context: createSecureContext({ key, cert }), until: Date.now() + lifetimes.host - reserve };
  }

  #make(publicKey: KeyObject, subject: string, host: string | undefined, lifetime: number): string {
    const now = Date.now();
    const [from, until] = [new Date(now - hour), new Date(now + lifetime)];
    return makeCertificate({ subject, issuer: name, publicKey, issuerKey: this.#own, host, from, until });
  }
}
