import { type Bytes, CooperError, type Scope, sleep } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { PushBlobOptions, PushOutcome, RegistryAccess } from "./contract.ts";
import { type Endpoint, pushEndpoint } from "./endpoint.ts";
import type { Ask } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import type { HttpResponse } from "./http.ts";
import { bestMount } from "./mount-candidate.ts";
import { checkAnswerDigest, isTransient } from "./push-answer.ts";
import { redact } from "./redact.ts";
import { longestPause } from "./retry.ts";
import { statusError } from "./status-error.ts";
import { parseTarget, type Target } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Uploads a blob unless the registry has it (OCI distribution spec, "Pushing blobs"): HEAD, then POST (which may mount it
 * from another repository), then one PUT with all bytes. A broken upload goes on where the registry says it stopped, else
 * starts over.
 */
export async function pushBlob(
  workshop: Workshop,
  name: string,
  descriptor: Descriptor,
  options: PushBlobOptions,
  access: RegistryAccess,
  scope: Scope,
): Promise<PushOutcome> {
  const upload = new Upload(workshop, parseTarget(name), descriptor, options, access, scope);
  if (await workshop.retried(true, scope, () => upload.exists())) return "exists";
  const started = await workshop.retried(true, scope, () => upload.start());
  if (started === "mounted") return "mounted";
  await upload.send(started);
  return "uploaded";
}

class Upload {
  readonly #workshop: Workshop;
  readonly #target: Target;
  readonly #descriptor: Descriptor;
  readonly #options: PushBlobOptions;
  readonly #credentials: RegistryAccess["credentials"];
  readonly #endpoint: Endpoint;
  readonly #scope: Scope;
  constructor(
    workshop: Workshop,
    target: Target,
    descriptor: Descriptor,
    options: PushBlobOptions,
    access: RegistryAccess,
    scope: Scope,
  ) {
    this.#workshop = workshop;
    this.#target = target;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#credentials = access.credentials;
    this.#endpoint = pushEndpoint(target.host, workshop.hosts, access.host);
    this.#scope = scope;
  }

  async exists(): Promise<boolean> {
    const path = `${this.#target.repository}/blobs/${this.#descriptor.digest}`;
    const response = await this.#ask({
      method: "HEAD",
      path,
      headers: { accept: `${this.#descriptor.mediaType}, */*` },
    });
    if (response.status !== 200 && response.status !== 404) throw await statusError(response);
    await response.discard();
    return response.status === 200;
  }

  /** Opens an upload and returns where to send the bytes, or mounts the blob. */
  async start(): Promise<URL | "mounted"> {
    const uploads = `${this.#target.repository}/blobs/uploads/`;
    const from = bestMount(this.#target, this.#options.mountFrom);
    if (from !== undefined) {
      const query = `?mount=${encodeURIComponent(this.#descriptor.digest)}&from=${encodeURIComponent(from)}`;
      const mounted = await this.#mount(`${uploads}${query}`, from);
      if (mounted !== undefined) return mounted;
    }
    const response = await this.#ask({ method: "POST", path: uploads });
    if (response.status === 201) return await this.#alreadyThere(response);
    return await this.#location(response);
  }

  /** The registry may refuse a mount (no right to read the other repository): then the plain upload is tried. */
  async #mount(path: string, from: string): Promise<URL | "mounted" | undefined> {
    try {
      const response = await this.#ask({ method: "POST", path }, [repositoryScope(from, false)]);
      if (response.status === 201) return await this.#alreadyThere(response);
      if ([200, 202, 204].includes(response.status)) return await this.#location(response);
      throw await statusError(response);
    } catch (error) {
      const status = failureOf(error)?.status;
      if (status === undefined || status >= 500 || this.#scope.signal.aborted) throw error;
      this.#scope.log(`registry: cannot mount ${this.#descriptor.digest} from ${from}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async #alreadyThere(response: HttpResponse): Promise<"mounted"> {
    checkAnswerDigest(response, this.#descriptor.digest);
    await response.discard();
    return "mounted";
  }

  /** Sends the bytes, over as many connections as it takes. */
  async send(location: URL): Promise<void> {
    let place = { location, offset: 0 };
    for (let failures = 0; ; failures++) {
      try {
        return await this.#sendFrom(place.location, place.offset);
      } catch (error) {
        const wait = this.#workshop.backoff[failures];
        if (this.#scope.signal.aborted || wait === undefined || !isTransient(error)) throw error;
        this.#scope.log(`registry: ${(error as Error).message}; uploading again in ${wait} ms`);
        await sleep(Math.max(wait, Math.min(failureOf(error)?.retryAfter ?? 0, longestPause)), this.#scope.signal);
        const next = await this.#whereStopped(place.location);
        if (next === "mounted") return;
        place = next;
      }
    }
  }

  /** The whole in one PUT, or what is missing by PATCH and an empty PUT that closes the upload. */
  async #sendFrom(location: URL, offset: number): Promise<void> {
    const { digest, size } = this.#descriptor;
    const type = { "content-type": "application/octet-stream" };
    let end = location;
    let body: Ask["body"] | undefined = { size, open: () => this.#bytes(0) };
    if (offset > 0) {
      if (offset < size) {
        const range = { "content-range": `${offset}-${size - 1}` };
        const rest = { size: size - offset, open: () => this.#bytes(offset) };
        end = await this.#location(
          await this.#ask({ method: "PATCH", path: location, headers: { ...type, ...range }, body: rest }),
        );
      }
      body = undefined;
    }
    const closing = new URL(end);
    closing.searchParams.append("digest", digest);
    const response = await this.#ask({
      method: "PUT",
      path: closing,
      headers: type,
      ...(body === undefined ? {} : { body }),
    });
    if (![200, 201, 202, 204].includes(response.status)) throw await statusError(response);
    checkAnswerDigest(response, digest);
    await response.discard();
  }

  /** Asks how much of a broken upload arrived; an upload that is gone is started anew. */
  async #whereStopped(location: URL): Promise<{ location: URL; offset: number } | "mounted"> {
    if (this.#descriptor.size > 0) {
      const response = await this.#ask({ method: "GET", path: location }).catch(() => undefined);
      const range = /^(?:bytes=)?0-(\d+)$/.exec(response?.header("range") ?? "");
      const usable = response?.status === 204 || response?.status === 202;
      const next = response !== undefined && usable ? this.#nextOf(response) : undefined;
      await response?.discard();
      const offset = range === null ? 0 : Number(range[1]) + 1;
      // Range "0-0" is what registries answer for no bytes as well as for one: only a real beginning counts.
      if (next !== undefined && offset > 1 && offset <= this.#descriptor.size) return { location: next, offset };
    }
    if (await this.exists()) return "mounted";
    const started = await this.start();
    return started === "mounted" ? started : { location: started, offset: 0 };
  }

  async *#bytes(offset: number): Bytes & AsyncGenerator<Uint8Array> {
    let at = 0;
    for await (const chunk of this.#options.open()) {
      const begin = at;
      at += chunk.byteLength;
      if (at <= offset) continue;
      yield begin >= offset ? chunk : chunk.subarray(offset - begin);
      this.#options.onProgress?.(at);
    }
  }

  async #location(response: HttpResponse): Promise<URL> {
    if (![200, 202, 204].includes(response.status)) throw await statusError(response);
    await response.discard();
    const next = this.#nextOf(response);
    if (next !== undefined) return next;
    throw new CooperError(
      "registry/bad-answer",
      `cannot upload to ${redact(response.url)}: the answer has no usable Location`,
    );
  }

  /** Where to go on: a path, or an address, which stays on TLS when the registry is on TLS. */
  #nextOf(response: HttpResponse): URL | undefined {
    const location = response.header("location");
    if (location === undefined || !URL.canParse(location, response.url)) return undefined;
    const next = new URL(location, response.url);
    if (next.protocol !== "http:" && next.protocol !== "https:") return undefined;
    if (next.host === response.url.host) next.protocol = response.url.protocol;
    return next;
  }

  #ask(ask: Pick<Ask, "method" | "path" | "headers" | "body">, more: readonly string[] = []): Promise<HttpResponse> {
    const scopes = [repositoryScope(this.#target.repository, true), ...more];
    const whole = { ...ask, endpoint: this.#endpoint, scopes, credentials: this.#credentials };
    return this.#workshop.exchange.ask(whole, this.#scope);
  }
}
