import { compareBytes, parseReference } from "../oci/index.ts";
import type { BlobUse, Capture, GitUse, HttpUse, ImageUse, Offer, ProxyGap } from "./contract.ts";
import { redactCredentials } from "./redact.ts";

/**
 * Gathers what steps took: each thing once, the first one counts. Names and URLs are shown without credentials.
 */
export class CaptureBuilder {
  readonly #images: ImageUse[] = [];
  readonly #blobs: BlobUse[] = [];
  readonly #git: GitUse[] = [];
  readonly #http: HttpUse[] = [];
  readonly #locals = new Set<string>();
  readonly #secrets = new Map<string, Offer>();
  readonly #ssh = new Map<string, Offer>();
  #gaps: ProxyGap[] | undefined;
  network = false;
  incomplete = false;

  image(use: ImageUse): void {
    if (!this.#images.some((known) => sameImage(known, use))) this.#images.push(use);
  }
  blob(use: BlobUse): void {
    if (!this.#blobs.some(({ ref, local }) => ref === use.ref && local === use.local)) this.#blobs.push(use);
  }
  /** One URL may come from a server and from a bundle: both are told. */
  git(use: GitUse): void {
    const shown = { ...use, url: redactCredentials(use.url) };
    const known = this.#git.some(({ url, bundle }) => url === shown.url && bundle === shown.bundle);
    if (!known) this.#git.push(shown);
  }
  http(use: HttpUse): void {
    const shown = { ...use, url: redactCredentials(use.url) };
    if (!this.#http.some(({ url }) => url === shown.url)) this.#http.push(shown);
  }
  local(name: string): void {
    this.#locals.add(name);
  }
  secret(offer: Offer): void {
    addOffer(this.#secrets, offer);
  }
  ssh({ id, optional }: Offer): void {
    addOffer(this.#ssh, { id: id || "default", optional });
  }
  /** A step that reached the network by way of the builder's proxy, and what is not certain of that. */
  proxied(gaps: readonly ProxyGap[]): void {
    this.#gaps = [...(this.#gaps ?? []), ...gaps];
    this.incomplete ||= gaps.length > 0;
  }

  /** Everything sorted by name. An image that is also there by its tag is not told once more by its digest. */
  finish(): Capture {
    return {
      sources: {
        images: sorted(withoutPinnedTwins(this.#images), ({ ref }) => ref),
        blobs: sorted(this.#blobs, ({ ref }) => ref),
        git: sorted(this.#git, ({ url }) => url),
        http: sorted(this.#http, ({ url }) => url),
        locals: [...this.#locals].sort(compareBytes),
      },
      secrets: sorted([...this.#secrets.values()], ({ id }) => id),
      ssh: sorted([...this.#ssh.values()], ({ id }) => id),
      network: this.network,
      incomplete: this.incomplete,
      ...(this.#gaps && { proxy: { gaps: sorted(this.#gaps, gapOrder) } }),
    };
  }
}

const gapOrder = ({ op, uri, method, reason }: ProxyGap) => [op, uri, method, reason].join("\0");

/** A required one stays required, whoever else could do without. */
function addOffer(offers: Map<string, Offer>, { id, optional }: Offer): void {
  offers.set(id, { id, optional: optional && (offers.get(id)?.optional ?? true) });
}

function sameImage(a: ImageUse, b: ImageUse): boolean {
  if (a.ref !== b.ref || a.local !== b.local) return false;
  const [p, q] = [a.platform, b.platform];
  if (p === undefined || q === undefined) return p === q;
  const keys = ["os", "architecture", "variant", "osVersion"] as const;
  return keys.every((key) => (p[key] ?? "") === (q[key] ?? ""));
}

function withoutPinnedTwins(images: readonly ImageUse[]): readonly ImageUse[] {
  const names = images.map(({ ref }) => {
    const { domain, path, tag = "latest", digest } = parseReference(ref);
    return { name: `${domain}/${path}:${tag}`, pinned: digest !== undefined };
  });
  const tagged = new Set(names.flatMap(({ name, pinned }) => (pinned ? [] : [name])));
  return images.filter((_, index) => {
    const known = names[index];
    return known?.pinned !== true || !tagged.has(known.name);
  });
}

function sorted<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...items].sort((a, b) => compareBytes(key(a), key(b)));
}
