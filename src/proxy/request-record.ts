import type { Digest } from "../kit/index.ts";

/** One request of a step, as it was sent on. */
export interface ProxyRequest {
  readonly method: string;
  /** Without a password, and without a port that goes without saying. */
  readonly url: string;
  readonly status: number;
  /** Where the answer sends whoever asked. */
  readonly redirectedTo?: string;
}

/** What a step got from elsewhere, as far as it can be told. */
export class RequestRecord {
  readonly requests: ProxyRequest[] = [];
  /** Whole answers to GET, by their address. */
  readonly #materials = new Map<string, Digest>();
  /** Requests whose answer nobody can get again, and why: upstream's words. */
  readonly incomplete: { readonly method: string; readonly url: string; readonly reason: string }[] = [];

  add(request: ProxyRequest): void {
    this.requests.push(request);
  }
  addMaterial(url: string, digest: Digest): void {
    this.#materials.set(url, digest);
  }

  /** Also addresses that lead to another one whose answer is known. */
  materials(): ReadonlyMap<string, Digest> {
    const all = new Map(this.#materials);
    for (const { url, redirectedTo } of this.requests.toReversed()) {
      const digest = redirectedTo === undefined ? undefined : all.get(redirectedTo);
      if (digest !== undefined && !all.has(url)) all.set(url, digest);
    }
    return all;
  }

  /** What a build's log says of it; empty: nothing was asked for. */
  text(): string {
    if (this.requests.length === 0) return "";
    const lines = this.requests.map(({ method, url, status }) => `- ${method} ${url} -> ${status}\n`);
    return `proxy network requests:\n${lines.join("")}`;
  }
}

/** An address as messages may show it. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") [url.username, url.password] = ["xxxxx", "xxxxx"];
  return url.href;
}
