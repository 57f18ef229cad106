import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Executor } from "../executor/index.ts";
import { CooperError, lazy, type Scope, Semaphore, userAgent } from "../kit/index.ts";
import { DeviceRegistry, ImageResolver, LayerBlobs, materialise, type OpScope, type Ref } from "../ops/index.ts";
import { createSolver } from "../solver/index.ts";
import { openStorage, type Snapshotter } from "../storage/index.ts";
import { runBuild } from "./build.ts";
import type { Engine, EngineOptions, OpenEngine } from "./contract.ts";
import { type EngineScope, type Member, scopesFor } from "./engine-scope.ts";
import { openCacheExporter, openExporter } from "./exporter-table.ts";
import { frontendRules } from "./frontend-rules.ts";
import { openFrontend } from "./frontend-table.ts";
import { collectSometimes, housekeepingOf } from "./housekeeping.ts";
import { snapshotterFor } from "./isolation.ts";
import { lazyRegistry } from "./lazy-registry.ts";
import { makeOp } from "./op-table.ts";
import type { EngineParts } from "./parts.ts";
import { RequestStore } from "./provenance/request-store.ts";
import { resultStore } from "./result-store.ts";

/**
 * Opens an engine on the root of `options`. Cheap: registry client, executor, frontends and exporters load when a build first needs
 * them. Dispose of it in the end. Throws `storage/…`, `engine/bad-option`.
 */
export const openEngine: OpenEngine = async (options, scope): Promise<Engine> => {
  const opened = new AsyncDisposableStack();
  try {
    const parts = await openParts(options, scope, opened);
    const { gcPolicies = [] } = options;
    return {
      housekeeping: housekeepingOf(parts.storage),
      snapshotter: parts.storage.snapshots.driver === "overlay" ? "overlayfs" : "native",
      network: networkOf(options),
      devices: async () => (await parts.devices?.list()) ?? [],
      build: (request, session, onStatus, buildScope, own) =>
        runBuild(parts, request, session, onStatus, buildScope, own),
      [Symbol.asyncDispose]: async () => {
        if (gcPolicies.length > 0) await collectSometimes(parts.storage, gcPolicies, scope.log);
        await opened.disposeAsync();
      },
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
};

async function openParts(options: EngineOptions, scope: Scope, opened: AsyncDisposableStack): Promise<EngineParts> {
  await checkNetworks(options);
  const storage = opened.use(
    await openStorage({ root: options.root, snapshotter: snapshotter(snapshotterFor(options)) }, scope),
  );
  const registry = opened.use(lazyRegistry({ hosts: options.registries, userAgent, proxy: process.env }));
  const executor = lazy(async () => {
    const { createExecutor } = await import("../executor/index.ts");
    const stateDir = join(options.root, "executor");
    const { ociWorkerBinary: binary, networkMode, networks, dns, cgroupParent } = options;
    const isolation = options.isolation?.rung ?? "oci";
    const limits = options.stepLimits && { stepLimits: options.stepLimits };
    const whyNot = options.isolation && { whyNot: options.isolation.why };
    const more = {
      ...(dns && { dns }),
      ...(networks && { networks }),
      ...limits,
      ...whyNot,
      ...(cgroupParent && { cgroupParent }),
    };
    const made = opened.use(await createExecutor({ stateDir, binary, networkMode, isolation, ...more }, scope));
    return options.maxParallelism > 0 ? withSlots(made, options.maxParallelism) : made;
  });
  const blobs = new LayerBlobs(storage, registry);
  const pull = (ref: Ref, opScope: OpScope) => materialise(ref, storage, blobs, opScope);
  const devices = options.devices && new DeviceRegistry(options.devices, (message) => scope.log(message));
  const results = resultStore(storage);
  const proxies = lazy(async () => (await import("../proxy/index.ts")).Authority.create());
  const { traceSocket } = options;
  const tools = { storage, registry, materialise: pull, executor, proxies, devices, traceSocket };
  return {
    storage,
    results,
    solver: createSolver<Ref, EngineScope, Member>({ store: results, scopeOf: scopesFor(scope.log) }),
    materialise: pull,
    executor,
    isolation: options.isolation,
    // Which devices a build may have is asked device by device.
    allowedEntitlements: [...options.insecureEntitlements, "device"],
    devices,
    proxyNetwork: options.proxyNetwork ?? false,
    proxies,
    traceSocket,
    imageResolver: () => new ImageResolver(storage, registry),
    makeOp: (vertex, images, answers) => makeOp(vertex, images, answers, tools),
    allowFrontend: frontendRules(options.frontends),
    frontend: openFrontend,
    registry,
    requests: new RequestStore(),
    provenanceEnvironment: async () =>
      (await import("./provenance/environment.ts")).provenanceEnvironment(
        options.provenanceEnvDir ?? "/etc/buildkit/provenance.d",
      ),
    cacheExporter: (entry, _request, member) =>
      openCacheExporter(entry, member, { storage, registry, blobs, materialise: pull }),
    exporter: (exporter, request, member) =>
      openExporter(exporter, request, member, { storage, registry, blobs, materialise: pull }),
  };
}

/** As the executor will find it, which is not to be loaded for that. */
function networkOf({ networkMode, networks, isolation }: EngineOptions): string {
  if (networkMode === "cni" || networkMode === "bridge") return "cni";
  if (networkMode !== "auto" && networkMode !== "") return networkMode;
  const joins = isolation?.rung !== "chroot" && isolation?.rung !== "no-exec";
  return joins && networks !== undefined && existsSync(networks.configPath) ? "cni" : "host";
}

/** What is wrong with a network that was asked for by name is said at once, as upstream does. Throws `executor/no-cni`, `executor/bad-network-mode`. */
async function checkNetworks({ networkMode, networks }: EngineOptions): Promise<void> {
  if (["", "auto", "host", "none"].includes(networkMode)) return;
  const { planNetworks } = await import("../executor/index.ts");
  planNetworks(networkMode, networks);
}

/** At most so many steps at once (`max-parallelism`). */
function withSlots(executor: Executor, slots: number): Executor {
  const free = new Semaphore(slots);
  return {
    description: executor.description,
    movesMounts: executor.movesMounts ?? false,
    joinsNetworks: executor.joinsNetworks ?? false,
    ...(executor.refusal && { refusal: executor.refusal }),
    run: (step, output, scope) => free.run(scope.signal, () => executor.run(step, output, scope)),
    open: (container, scope) => executor.open(container, scope),
    [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose](),
  };
}

function snapshotter(name: string): Snapshotter {
  if (name === "" || name === "auto") return "auto";
  if (name === "overlayfs" || name === "native") return name;
  throw new CooperError("engine/bad-option", `unknown snapshotter name: ${JSON.stringify(name)}`, {
    hint: 'wanted "auto", "overlayfs" or "native"',
  });
}
