import type { FrontendRequest } from "../../frontend/index.ts";
import type { Digest } from "../../kit/index.ts";
import type { AskedRequest } from "../../provenance/index.ts";
import { decode, pb } from "../../wire/index.ts";
import type { BuildRequest } from "../contract.ts";

/**
 * Which requests made a definition, while their builds run: a build that gets the definition as an input can say where it comes
 * from. Of all builds of an engine, since a client that links builds runs them side by side.
 */
export class RequestStore {
  readonly #makers = new Map<Digest, Set<AskedRequest>>();

  /** Until it is disposed of. */
  add(head: Digest, request: AskedRequest): Disposable {
    const makers = this.#makers.get(head) ?? new Set();
    this.#makers.set(head, makers);
    makers.add(request);
    return {
      [Symbol.dispose]: () => {
        makers.delete(request);
        if (makers.size === 0 && this.#makers.get(head) === makers) this.#makers.delete(head);
      },
    };
  }

  /** Who made the definition. */
  makersOf(definition: Uint8Array): readonly AskedRequest[] {
    return [...(this.#makers.get(headOf(definition)) ?? [])];
  }
}

/** A question to a frontend with what made its inputs. The image `dockerfile.v0` is the frontend of that name. */
export function frontendRequest(
  frontend: string,
  { options, inputs }: FrontendRequest,
  requests: RequestStore,
): AskedRequest {
  const makers = new Map([...inputs].map(([name, { definition }]) => [name, requests.makersOf(definition)] as const));
  if (frontend !== "gateway.v0" || options.source !== "dockerfile.v0") return { frontend, options, inputs: makers };
  const { source: _, ...rest } = options;
  return { frontend: "dockerfile.v0", options: rest, inputs: makers };
}

/** What a build as a whole was asked. */
export function rootRequest(request: BuildRequest, requests: RequestStore): AskedRequest {
  const { frontend, frontendOptions: options, frontendInputs = new Map() } = request;
  const inputs = new Map([...frontendInputs].map(([name, definition]) => [name, { definition }] as const));
  return frontendRequest(request.clientAsks ? "" : frontend, { options, inputs }, requests);
}

/** The vertex that a definition stands for. One that cannot be read is others' to complain about. */
function headOf(definition: Uint8Array): Digest {
  try {
    const last = decode(pb.Definition, definition).def.at(-1);
    return (last && (decode(pb.Op, last).inputs[0]?.digest as Digest | undefined)) ?? none;
  } catch {
    return none;
  }
}

const none = "" as Digest;
