import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, isCooperError, mapLimit, messageOf, type Scope, withChildScope } from "../../kit/index.ts";
import type {
  ContainerRole,
  ImageRoot,
  Pod,
  PodContainer,
  PodResult,
  PodSurroundings,
  PullPolicy,
} from "../contract.ts";
import { makeVolumes } from "../volumes/make-volume.ts";
import { openNetwork, type PodNetwork } from "./network.ts";
import { type ContainerEnd, type PodHome, startContainer } from "./run-container.ts";
import { Sidecar } from "./sidecar.ts";
import { stopWhenSick } from "./stop-when-sick.ts";
import { watchDeadline, watchSizes } from "./watch.ts";

/** When the pod does not say, in seconds. Kubernetes waits for 30; who sits in front of it does not. */
const defaultGrace = 10;
const pullsAtOnce = 3;

/**
 * Runs a pod to its end: images, volumes, network; init containers in order, sidecars among them; then the containers one after another, until
 * one fails; then the sidecars are stopped, the last one first. The end of `scope` stops the container that runs, with the pod's grace period:
 * the result's reason is `Stopped` then, its exit code what that container ended with; rejects with the scope's reason when none ran.
 * Everything is taken down when it settles. Throws `pod/…` and what images and the executor throw.
 */
export async function runPod(pod: Pod, around: PodSurroundings, scope: Scope): Promise<PodResult> {
  await using opened = new AsyncDisposableStack();
  const images = await openImages(pod, around, scope, opened);
  const volumes = await makeVolumes(pod, around);
  const wayOut = around.network === "pod" && !pod.hostNetwork;
  const network = wayOut || around.network === "none" ? opened.use(await openNetwork(wayOut)) : undefined;
  const home: PodHome = {
    pod,
    around,
    volumes,
    graceSeconds: pod.graceSeconds ?? defaultGrace,
    ...(network !== undefined && { network: shownNetwork(network, around) }),
  };
  return await new PodRun(home, images).run(scope);
}

/** What containers see of it: its namespace, its name server, names of its addresses. */
function shownNetwork(
  { path, nameServer, hosts }: PodNetwork,
  { folder }: PodSurroundings,
): NonNullable<PodHome["network"]> {
  if (nameServer === undefined) return { path, mounts: [], hosts };
  const file = join(folder, "resolv.conf");
  writeFileSync(file, `nameserver ${nameServer}\n`, { mode: 0o644 });
  return { path, mounts: [{ kind: "bind", source: file, target: "/etc/resolv.conf", readonly: true }], hosts };
}

async function openImages(
  pod: Pod,
  around: PodSurroundings,
  scope: Scope,
  opened: AsyncDisposableStack,
): Promise<ReadonlyMap<PodContainer, ImageRoot>> {
  const containers = [...pod.initContainers, ...pod.containers];
  const roots = await mapLimit(containers, pullsAtOnce, async (container) => {
    const root = await around.images.open(container.image, pullPolicyOf(container), scope);
    opened.use(root);
    return [container, root] as const;
  });
  return new Map(roots);
}

/** Kubernetes' default: Always for `latest` and no tag, else what is there. */
function pullPolicyOf({ image, pullPolicy }: PodContainer): PullPolicy {
  if (pullPolicy !== undefined) return pullPolicy;
  const name = image.slice(image.lastIndexOf("/") + 1);
  const tag = /:([^@]*)/.exec(name)?.[1];
  return !name.includes("@") && (tag === undefined || tag === "latest") ? "Always" : "IfNotPresent";
}

/** One pod while it runs. */
class PodRun {
  readonly #home: PodHome;
  readonly #images: ReadonlyMap<PodContainer, ImageRoot>;
  readonly #sidecars: Sidecar[] = [];

  constructor(home: PodHome, images: ReadonlyMap<PodContainer, ImageRoot>) {
    this.#home = home;
    this.#images = images;
  }

  /** Sidecars outlive `scope`: they are stopped in the end, after what uses them. */
  async run(scope: Scope): Promise<PodResult> {
    const { pod } = this.#home;
    return await withChildScope(
      { ...scope, signal: new AbortController().signal },
      async (sidecarScope, killSidecars) => {
        try {
          return await withChildScope(scope, async (work, stop) => {
            using _deadline = watchDeadline(pod, stop);
            using _sizes = watchSizes(this.#home.volumes, stop);
            try {
              return await this.#series(work, sidecarScope);
            } catch (error) {
              return this.#stoppedBy(work.signal.reason, error, scope);
            }
          });
        } finally {
          await this.#stopSidecars();
          killSidecars(new CooperError("pod/ended", "the pod has ended"));
        }
      },
    );
  }

  async #series(scope: Scope, sidecarScope: Scope): Promise<PodResult> {
    const { initContainers, containers } = this.#home.pod;
    for (const container of initContainers) {
      if (container.sidecar) {
        this.#sidecars.push(await Sidecar.start(container, this.#imageOf(container), this.#home, sidecarScope, scope));
        continue;
      }
      const end = await this.#runOne(container, "init", scope);
      if (end.exitCode !== 0) return this.#failed(container, "init", end);
    }
    for (const container of containers) {
      const end = await this.#runOne(container, "main", scope);
      if (end.exitCode !== 0) return this.#failed(container, "main", end);
    }
    return { exitCode: 0 };
  }

  /** The scope's end asks the container to stop; it is killed only after the grace period. */
  async #runOne(
    container: PodContainer,
    role: ContainerRole,
    scope: Scope,
  ): Promise<ContainerEnd & { readonly sick?: string }> {
    scope.signal.throwIfAborted();
    const { around, graceSeconds } = this.#home;
    const killing = new AbortController();
    await using live = await startContainer(container, this.#imageOf(container), this.#home, {
      ...scope,
      signal: killing.signal,
    });
    around.event({ kind: "started", container: container.name, role });
    const sickness = stopWhenSick(container, live, this.#home, scope, false);
    const onAbort = () => void live.stop(graceSeconds);
    if (scope.signal.aborted) onAbort();
    else scope.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const end = await live.end;
      around.event({ kind: "ended", container: container.name, role, exitCode: end.exitCode });
      if (scope.signal.aborted) throw new Stopped(container.name, end.exitCode);
      return sickness.why === undefined ? end : { ...end, sick: sickness.why };
    } finally {
      scope.signal.removeEventListener("abort", onAbort);
    }
  }

  #failed(
    { name, resources }: PodContainer,
    role: ContainerRole,
    { exitCode, oomKilled, sick }: ContainerEnd & { readonly sick?: string },
  ): PodResult {
    if (oomKilled) {
      const limit = `${Math.floor(resources.memoryLimit ?? 0)} bytes`;
      return {
        exitCode,
        container: name,
        reason: "OOMKilled",
        message: `container ${name} was killed at its memory limit of ${limit}`,
      };
    }
    if (sick !== undefined) {
      return { exitCode, container: name, reason: "Unhealthy", message: `container ${name} was stopped: ${sick}` };
    }
    if (role === "main") return { exitCode, container: name };
    return {
      exitCode,
      container: name,
      reason: "InitContainerFailed",
      message: `init container ${name} ended with exit code ${exitCode}`,
    };
  }

  /** The caller's end, a deadline or a full volume is how the pod ended; all else is a failure. */
  #stoppedBy(reason: unknown, error: unknown, scope: Scope): PodResult {
    const stopped = error instanceof Stopped ? error : undefined;
    if (scope.signal.aborted) {
      if (stopped === undefined) throw error;
      return {
        exitCode: stopped.exitCode,
        container: stopped.container,
        reason: "Stopped",
        message: messageOf(reason),
      };
    }
    if (!isCooperError(reason, "pod/")) throw error;
    return {
      exitCode: stopped === undefined || stopped.exitCode === 0 ? 137 : stopped.exitCode,
      reason: reason.code === "pod/deadline" ? "DeadlineExceeded" : "Evicted",
      message: messageOf(reason),
      ...(stopped !== undefined && { container: stopped.container }),
    };
  }

  async #stopSidecars(): Promise<void> {
    for (const sidecar of this.#sidecars.toReversed()) await sidecar.stop(this.#home.graceSeconds);
  }

  #imageOf(container: PodContainer): ImageRoot {
    // Opened for each container of this very pod.
    return this.#images.get(container) as ImageRoot;
  }
}

/** A container was stopped, and ended so. */
class Stopped extends Error {
  readonly container: string;
  readonly exitCode: number;
  constructor(container: string, exitCode: number) {
    super(`container ${container} was stopped`);
    this.container = container;
    this.exitCode = exitCode;
  }
}
