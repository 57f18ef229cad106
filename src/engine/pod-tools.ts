import { join } from "node:path";
import type { Executor } from "../executor/index.ts";
import { CooperError, lazy, type Scope, userAgent } from "../kit/index.ts";
import { canonicalReference, hostPlatform, parseImageConfig } from "../oci/index.ts";
import { ImageResolver, LayerBlobs, materialise, type OpScope, type ResolvedImage } from "../ops/index.ts";
import type { ImageRoot, Images, PullPolicy } from "../pod/index.ts";
import type { Session } from "../session/index.ts";
import { openStorage, type Storage } from "../storage/index.ts";
import type { EngineOptions } from "./contract.ts";
import { lazyRegistry } from "./lazy-registry.ts";

/** What pods are run with: one root's storage, its executor, and images by name. */
export interface PodTools extends AsyncDisposable {
  readonly storage: Storage;
  executor(): Promise<Executor>;
  readonly images: Images;
}

/** Opens them on the root of `options`, as an engine would be. `session` has the logins. Throws `storage/…`. */
export async function openPodTools(options: EngineOptions, session: Session, scope: Scope): Promise<PodTools> {
  const opened = new AsyncDisposableStack();
  const storage = opened.use(await openStorage({ root: options.root, snapshotter: "auto" }, scope));
  const registry = opened.use(lazyRegistry({ hosts: options.registries, userAgent, proxy: process.env }));
  const executor = lazy(async () => {
    const { createExecutor } = await import("../executor/index.ts");
    const { ociWorkerBinary: binary, dns } = options;
    const stateDir = join(options.root, "executor");
    return opened.use(await createExecutor({ stateDir, binary, networkMode: "host", ...(dns && { dns }) }, scope));
  });
  const images = new StoredImages(
    storage,
    new ImageResolver(storage, registry),
    new LayerBlobs(storage, registry),
    session,
  );
  return { storage, executor, images, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Names that were pulled, and what they meant then. */
const namesSpace = "pod-images";

class StoredImages implements Images {
  readonly #storage: Storage;
  readonly #resolver: ImageResolver;
  readonly #blobs: LayerBlobs;
  readonly #session: Session;
  constructor(storage: Storage, resolver: ImageResolver, blobs: LayerBlobs, session: Session) {
    this.#storage = storage;
    this.#resolver = resolver;
    this.#blobs = blobs;
    this.#session = session;
  }

  async open(name: string, policy: PullPolicy, scope: Scope): Promise<ImageRoot> {
    const opScope: OpScope = { ...scope, emit: () => {}, callers: [this.#session] };
    const image = await this.#resolve(name, policy, opScope);
    const { config = {} } = parseImageConfig(image.config);
    await using opened = new AsyncDisposableStack();
    const top = await materialise({ kind: "layers", layers: image.layers }, this.#storage, this.#blobs, opScope);
    const active = opened.use(await this.#storage.snapshots.prepare(top));
    const mounted = opened.use(await this.#storage.mount(active.mount));
    const kept = opened.move();
    return {
      path: mounted.path,
      mounts: [],
      config: {
        env: config.env ?? [],
        entrypoint: config.entrypoint ?? [],
        cmd: config.cmd ?? [],
        workingDir: config.workingDir ?? "",
        user: config.user ?? "",
      },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  }

  async #resolve(name: string, policy: PullPolicy, scope: OpScope): Promise<ResolvedImage> {
    const canonical = canonicalReference(name);
    const known = policy === "Always" ? undefined : this.#storage.records.get(namesSpace, canonical);
    if (known === undefined && policy === "Never") {
      throw new CooperError(
        "pod/no-image",
        `container image ${JSON.stringify(name)} is not present with pull policy of Never`,
        {
          hint: "use IfNotPresent",
        },
      );
    }
    const image = await this.#resolver.resolve(known ?? canonical, hostPlatform(), scope);
    this.#storage.records.set(namesSpace, canonical, image.name);
    return image;
  }
}
