import {
  CooperError,
  type Digest,
  Hasher,
  isCooperError,
  isDigest,
  type Scope,
  sha256,
  splitDigest,
} from "../kit/index.ts";
import { type Descriptor, mediaTypes } from "../oci/index.ts";
import type { RegistryAccess, ResolvedManifest, ResolveOptions } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Ask } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import { firstEndpoint } from "./first-endpoint.ts";
import type { HttpResponse } from "./http.ts";
import { sniffManifest } from "./sniff.ts";
import { statusError } from "./status-error.ts";
import { parseTarget, type Target } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/** No manifest or index is taken that is larger: a stranger chooses this size. */
export const manifestLimit = 8 * 1024 * 1024;

const accept = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerIndex,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  "*/*",
].join(", ");

/**
 * What `name` points to, from the first of its endpoints that has it. A tag is asked by HEAD first (registries count GET
 * against their limits, and `known` may have the bytes already); the bytes always have the digest that is returned.
 */
export async function resolveManifest(
  workshop: Workshop,
  name: string,
  options: ResolveOptions,
  access: RegistryAccess,
  scope: Scope,
): Promise<ResolvedManifest> {
  const target = parseTarget(name);
  const known = target.digest === undefined ? undefined : await options.known?.(target.digest);
  if (known !== undefined) return describe(known, target.digest, undefined, target);
  return await firstEndpoint(workshop, target, access, scope, async (endpoint, retrying) =>
    workshop.retried(retrying, scope, async () => {
      const at = new ManifestSource(workshop, target, endpoint, access, scope);
      if (target.digest !== undefined) return await at.get(target.digest, target.digest);
      const digest = await at.head(target.tag ?? "latest");
      if (digest === undefined) return await at.get(target.tag ?? "latest", undefined);
      const kept = await options.known?.(digest);
      return kept === undefined ? await at.get(digest, digest) : describe(kept, digest, undefined, target);
    }),
  );
}

/** The bytes of a manifest by its descriptor. */
export async function fetchManifest(
  workshop: Workshop,
  name: string,
  descriptor: Descriptor,
  access: RegistryAccess,
  scope: Scope,
): Promise<Buffer> {
  if (descriptor.size > manifestLimit) throw tooLarge(descriptor.size, name);
  const target = parseTarget(name);
  const found = await firstEndpoint(workshop, target, access, scope, async (endpoint, retrying) =>
    workshop.retried(retrying, scope, () =>
      new ManifestSource(workshop, target, endpoint, access, scope).get(descriptor.digest, descriptor.digest),
    ),
  );
  if (found.bytes.byteLength !== descriptor.size) {
    throw new CooperError(
      "registry/bad-answer",
      `cannot use manifest ${descriptor.digest} of ${name}: size ${found.bytes.byteLength}, expected ${descriptor.size}`,
    );
  }
  return found.bytes;
}

class ManifestSource {
  readonly #workshop: Workshop;
  readonly #target: Target;
  readonly #ask: Omit<Ask, "method" | "path">;
  readonly #scope: Scope;
  constructor(workshop: Workshop, target: Target, endpoint: Endpoint, access: RegistryAccess, scope: Scope) {
    this.#workshop = workshop;
    this.#target = target;
    this.#scope = scope;
    this.#ask = {
      endpoint,
      headers: { accept },
      scopes: [repositoryScope(target.repository, false)],
      credentials: access.credentials,
    };
  }

  /** The digest that the registry names for a tag, or undefined when it does not say (then the bytes must be fetched). */
  async head(tag: string): Promise<Digest | undefined> {
    const response = await this.#send("HEAD", tag);
    if (response.status === 405) return undefined;
    if (response.status === 403) throw await this.#explained(response, tag);
    await this.#check(response);
    const digest = response.header("docker-content-digest");
    const size = Number(response.header("content-length") ?? Number.NaN);
    if (size > manifestLimit) throw tooLarge(size, this.#target.name);
    if (digest === undefined) return undefined;
    if (isDigest(digest)) return digest;
    throw new CooperError(
      "registry/bad-answer",
      `${JSON.stringify(digest.slice(0, 100))} in header not a valid digest`,
    );
  }

  async get(reference: string, expected: Digest | undefined): Promise<ResolvedManifest> {
    const response = await this.#send("GET", reference);
    await this.#check(response);
    if (Number(response.header("content-length") ?? 0) > manifestLimit) {
      throw tooLarge(Number(response.header("content-length")), this.#target.name);
    }
    const bytes = await this.#body(response);
    return describe(bytes, expected, response.header("content-type"), this.#target);
  }

  async #body(response: HttpResponse): Promise<Buffer> {
    try {
      return await response.all(manifestLimit);
    } catch (error) {
      throw isCooperError(error, "kit/too-large") ? tooLarge(manifestLimit + 1, this.#target.name) : error;
    }
  }

  async #send(method: "GET" | "HEAD", reference: string): Promise<HttpResponse> {
    const path = `${this.#target.repository}/manifests/${reference}`;
    return await this.#workshop.exchange.ask({ ...this.#ask, method, path }, this.#scope);
  }

  async #check(response: HttpResponse): Promise<void> {
    if (response.status === 200) {
      if (response.method === "HEAD") await response.discard();
      return;
    }
    const error = await statusError(response);
    if (response.status !== 404) throw error;
    throw new CooperError("registry/not-found", `${this.#target.name}: not found`, {
      cause: error,
      details: error.details,
    });
  }

  /** HEAD has no body to say why: the same question by GET has. */
  async #explained(response: HttpResponse, reference: string): Promise<CooperError> {
    const plain = await statusError(response);
    const again = await this.#send("GET", reference);
    if (again.status !== 403) {
      await again.discard();
      return plain;
    }
    const told = await statusError(again);
    const hint = told.message.startsWith("unexpected status") ? plain.hint : told.message;
    return new CooperError(plain.code, plain.message, {
      details: failureOf(plain),
      hint,
    });
  }
}

/** Checks the bytes and says what they are. */
function describe(
  bytes: Buffer,
  expected: Digest | undefined,
  contentType: string | undefined,
  target: Target,
): ResolvedManifest {
  const actual =
    expected === undefined ? sha256(bytes) : new Hasher(splitDigest(expected).algorithm).update(bytes).finish();
  if (expected !== undefined && actual !== expected) {
    throw new CooperError(
      "registry/bad-answer",
      `cannot use manifest of ${target.name}: got digest ${actual}, expected ${expected}`,
      {
        details: { kind: "registry", method: "GET", url: target.name, transient: true },
      },
    );
  }
  const mediaType = sniffManifest(bytes, contentType, target.name);
  return { descriptor: { mediaType, digest: actual, size: bytes.byteLength }, bytes };
}

function tooLarge(size: number, name: string): CooperError {
  return new CooperError(
    "registry/bad-answer",
    `rejecting ${size} byte manifest for ${name}: more than ${manifestLimit} bytes`,
  );
}
