import { CooperError, type Digest, Hasher, type Scope, sleep, splitDigest } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { BlobOptions, RegistryAccess } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import { failureOf } from "./failure.ts";
import { firstEndpoint } from "./first-endpoint.ts";
import type { HttpResponse } from "./http.ts";
import { silencesAllowed } from "./retry.ts";
import { statusError } from "./status-error.ts";
import { parseTarget, type Target } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/** Blobs up to this size are held back until they are verified, so that a wrong one can be asked for again. */
const heldBackLimit = 4 * 1024 * 1024;
/** A transfer that brought this much may break again without using up an attempt. */
const goodProgress = 1024 * 1024;

/**
 * The blob's bytes, once, or an error. A broken transfer goes on where it stopped (range request), with retries; more bytes
 * than the descriptor says end it at once; the digest is checked at the end (before the first byte for small blobs).
 */
export async function* pullBlob(
  workshop: Workshop,
  name: string,
  descriptor: Descriptor,
  options: BlobOptions,
  access: RegistryAccess,
  scope: Scope,
): AsyncGenerator<Uint8Array> {
  const target = parseTarget(name);
  if (descriptor.size <= heldBackLimit) {
    yield* await retryWrongDigest(() => heldBack(workshop, target, descriptor, options, access, scope));
  } else {
    yield* verified(workshop, target, descriptor, options, access, scope);
  }
}

/** Runs `attempt` again, twice at most, when what came had another digest: a proxy's broken copy may be gone by then. */
export async function retryWrongDigest<T>(
  attempt: () => Promise<T>,
  isWrong: (error: unknown) => boolean = (error) => failureOf(error)?.wrongDigest === true,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= 2 || !isWrong(error)) throw error;
    }
  }
}

async function heldBack(...args: Parameters<typeof verified>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(...args)) chunks.push(chunk);
  return chunks;
}

async function* verified(
  workshop: Workshop,
  target: Target,
  descriptor: Descriptor,
  options: BlobOptions,
  access: RegistryAccess,
  scope: Scope,
): AsyncGenerator<Uint8Array> {
  const hasher = options.verify === false ? undefined : new Hasher(splitDigest(descriptor.digest).algorithm);
  const transfer = new Transfer(workshop, target, descriptor, access, scope);
  for await (const chunk of transfer.bytes()) {
    hasher?.update(chunk);
    yield chunk;
  }
  const actual = hasher?.finish() ?? descriptor.digest;
  if (actual === descriptor.digest) return;
  if (transfer.endpoint !== undefined) workshop.distrust(transfer.endpoint, descriptor.digest);
  throw wrongDigest(descriptor.digest, actual, target);
}

function wrongDigest(expected: Digest, actual: Digest, target: Target): CooperError {
  return new CooperError(
    "registry/bad-answer",
    `failed to copy: unexpected commit digest ${actual}, expected ${expected}: failed precondition`,
    { details: { kind: "registry", method: "GET", url: target.name, transient: false, wrongDigest: true } },
  );
}

/** The bytes of one blob over as many connections as it takes. */
class Transfer {
  readonly #workshop: Workshop;
  readonly #target: Target;
  readonly #descriptor: Descriptor;
  readonly #access: RegistryAccess;
  readonly #scope: Scope;
  #at = 0;
  /** The endpoint that served the beginning serves the rest, while it can. */
  #endpoint: Endpoint | undefined;
  constructor(workshop: Workshop, target: Target, descriptor: Descriptor, access: RegistryAccess, scope: Scope) {
    this.#workshop = workshop;
    this.#target = target;
    this.#descriptor = descriptor;
    this.#access = access;
    this.#scope = scope;
  }

  /** Who serves the bytes, once they began to come. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { size } = this.#descriptor;
    for (let failures = 0, silences = 0; ; ) {
      const began = this.#at;
      try {
        yield* this.#once();
        if (this.#at === size) return;
        throw this.#short();
      } catch (error) {
        if (this.#at - began >= goodProgress) failures = 0;
        const wait = this.#workshop.backoff[failures++];
        if (this.#scope.signal.aborted || wait === undefined || failureOf(error)?.transient !== true) throw error;
        if (failureOf(error)?.errno === "ETIMEDOUT" && silences++ >= silencesAllowed) throw error;
        this.#scope.log(`registry: ${(error as Error).message}; going on at byte ${this.#at} in ${wait} ms`);
        await sleep(wait, this.#scope.signal);
      }
    }
  }

  async *#once(): AsyncGenerator<Uint8Array> {
    const { size } = this.#descriptor;
    if (this.#at === size && size > 0) return;
    const response = await this.#open();
    let skip = this.#at > 0 && response.status === 200 ? this.#at : 0;
    this.#checkLength(response, skip);
    for await (const chunk of response.body()) {
      const fresh = skip >= chunk.byteLength ? undefined : skip === 0 ? chunk : chunk.subarray(skip);
      skip -= Math.min(skip, chunk.byteLength);
      if (fresh === undefined) continue;
      if (this.#at + fresh.byteLength > size) throw this.#oversized();
      this.#at += fresh.byteLength;
      yield fresh;
    }
  }

  async #open(): Promise<HttpResponse> {
    if (this.#endpoint !== undefined) {
      try {
        return await this.#ask(this.#endpoint);
      } catch (error) {
        if (this.#scope.signal.aborted) throw error;
        // A mirror that goes away in the middle leaves the rest to the others.
        this.#endpoint = undefined;
      }
    }
    const open = async (endpoint: Endpoint) => {
      const response = await this.#ask(endpoint);
      this.#endpoint = endpoint;
      return response;
    };
    const suits = (endpoint: Endpoint) => this.#workshop.isTrusted(endpoint, this.#descriptor.digest);
    return await firstEndpoint(this.#workshop, this.#target, this.#access, this.#scope, open, suits);
  }

  async #ask(endpoint: Endpoint): Promise<HttpResponse> {
    const { repository } = this.#target;
    const response = await this.#workshop.exchange.ask(
      {
        method: "GET",
        endpoint,
        path: `${repository}/blobs/${this.#descriptor.digest}`,
        headers: {
          accept: `${this.#descriptor.mediaType}, */*`,
          ...(this.#at > 0 ? { range: `bytes=${this.#at}-` } : {}),
        },
        scopes: [repositoryScope(repository, false)],
        credentials: this.#access.credentials,
      },
      this.#scope,
    );
    if (response.status === 200) return response;
    if (response.status === 206) return await this.#checkRange(response);
    const error = await statusError(response);
    if (response.status !== 404) throw error;
    const { digest, mediaType } = this.#descriptor;
    throw new CooperError(
      "registry/not-found",
      `could not fetch content descriptor ${digest} (${mediaType}) from remote: not found`,
      { cause: error, details: error.details },
    );
  }

  async #checkRange(response: HttpResponse): Promise<HttpResponse> {
    const range = response.header("content-range") ?? "";
    if (this.#at > 0 && range.startsWith(`bytes ${this.#at}-`)) return response;
    await response.discard();
    throw new CooperError(
      "registry/bad-answer",
      `unhandled content range in response: ${JSON.stringify(range.slice(0, 100))}`,
    );
  }

  /** A length that cannot be right is refused before a byte is read; an encoded body (`gzip`) is none of a registry's business. */
  #checkLength(response: HttpResponse, skip: number): void {
    const length = Number(response.header("content-length") ?? Number.NaN);
    const expected = this.#descriptor.size - this.#at + skip;
    const encoding = response.header("content-encoding") ?? "identity";
    const wrong = encoding !== "identity" || (Number.isFinite(length) && length > expected);
    if (!wrong) return;
    response.close();
    throw encoding !== "identity"
      ? new CooperError(
          "registry/bad-answer",
          `cannot read blob ${this.#descriptor.digest}: content encoding ${JSON.stringify(encoding.slice(0, 40))}`,
        )
      : this.#oversized();
  }

  #oversized(): CooperError {
    const { digest, size } = this.#descriptor;
    return new CooperError(
      "registry/bad-answer",
      `cannot read blob ${digest} of ${this.#target.name}: more than its ${size} bytes`,
    );
  }

  #short(): CooperError {
    const { digest, size } = this.#descriptor;
    return new CooperError(
      "registry/bad-answer",
      `cannot read blob ${digest} of ${this.#target.name}: ended at ${this.#at} of ${size} bytes`,
      {
        details: { kind: "registry", method: "GET", url: this.#target.name, transient: true },
      },
    );
  }
}
