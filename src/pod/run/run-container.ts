import { posix } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as later } from "node:timers/promises";
import type { Container, ContainerProcess, ContainerSpec, RunningProcess, StepMount } from "../../executor/index.ts";
import { CooperError, isCooperError, pathInside, type Scope } from "../../kit/index.ts";
import type { Hook, ImageRoot, Pod, PodContainer, PodSurroundings } from "../contract.ts";
import type { MadeVolume } from "../volumes/make-volume.ts";
import { volumeMounts } from "../volumes/mounts.ts";
import { type CheckPlace, succeeds } from "./check.ts";
import { environmentOf, statedEnv } from "./env.ts";
import { expandVariables } from "./expand.ts";
import { limitsOf } from "./limits.ts";
import { rightsOf } from "./rights.ts";

/** A kubelet waits as long as it takes; who sits in front of it does not. Seconds. */
const hookPatience = 300;
/** What a container has at least to end after its preStop hook, in milliseconds. */
const leastAfterHook = 2000;

/** What all containers of a pod share. */
export interface PodHome {
  readonly pod: Pod;
  readonly around: PodSurroundings;
  readonly volumes: ReadonlyMap<string, MadeVolume>;
  /** A network of the pod's own: the namespace's file, and what belongs to it in each container. */
  readonly network?: {
    readonly path: string;
    readonly mounts: readonly StepMount[];
    readonly hosts: Pod["hostAliases"];
  };
  readonly graceSeconds: number;
}

export interface ContainerEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/** A container whose process has begun. */
export interface LiveContainer extends AsyncDisposable, CheckPlace {
  /** Why `postStart` failed; undefined when it did not. */
  readonly hooked: Promise<string | undefined>;
  /** All its output has been handed on by then. */
  readonly end: Promise<ContainerEnd>;
  /** `preStop`, SIGTERM, and SIGKILL when it has not ended after so many seconds of all that. Resolves when it has ended. */
  stop(graceSeconds: number): Promise<void>;
}

/** Starts a container of the pod on an image's tree. The end of `scope` kills it at once. Throws `pod/…`, `executor/…`. */
export async function startContainer(
  container: PodContainer,
  image: ImageRoot,
  home: PodHome,
  scope: Scope,
): Promise<LiveContainer> {
  const { around } = home;
  const plan = planOf(container, image, home);
  around.placed?.(container, (path) => hostPathOf(path, image.path, plan.spec.mounts));
  const opened = await around.executor.open(plan.spec, scope);
  try {
    const process = await opened.start(plan.process, scope);
    return new Live({ container, opened, process, like: plan.process, home, scope });
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

function planOf(
  container: PodContainer,
  image: ImageRoot,
  home: PodHome,
): { spec: ContainerSpec; process: ContainerProcess } {
  const { pod, around } = home;
  const { user, security, rights, readonlyRootfs } = rightsOf(container.security, image.config, pod, (name) =>
    around.seccompProfile(name),
  );
  const variables = environmentOf(container, image.config, around);
  const mounts = [
    ...(home.network?.mounts ?? []),
    ...image.mounts,
    ...around.extraMounts(container),
    ...volumeMounts(container, home.volumes, statedEnv(container, around)),
  ];
  return {
    spec: {
      rootfs: image.path,
      readonlyRootfs,
      mounts: lastOfEach(mounts),
      hostname: (pod.hostname ?? around.name).slice(0, 63),
      network: around.network === "pod" ? "sandbox" : around.network,
      extraHosts: [...(home.network?.hosts ?? []), ...pod.hostAliases],
      ulimits: [],
      cgroupParent: "",
      devices: [],
      limits: limitsOf(container.resources),
      ...(rights !== undefined && { rights }),
      ...(home.network !== undefined && { networkNamespace: home.network.path }),
    },
    process: {
      args: commandOf(container, image, variables),
      env: [...variables].map(([name, value]) => `${name}=${value}`),
      cwd: container.workingDir ?? (image.config.workingDir || "/"),
      user,
      security,
      stdin: false,
      removeMountStubs: false,
    },
  };
}

/** Where a container's path is on this machine; links lead no further than the mount that they are in. */
function hostPathOf(path: string, rootfs: string, mounts: readonly StepMount[]): string {
  const wanted = posix.resolve("/", path);
  const holds = (target: string) => wanted === target || wanted.startsWith(target === "/" ? "/" : `${target}/`);
  const placed = mounts
    .map((mount) => ({ mount, target: posix.resolve("/", mount.target) }))
    .filter(({ target }) => holds(target));
  const nearest = placed.toSorted((a, b) => b.target.length - a.target.length)[0];
  if (nearest?.mount.kind !== "bind") return pathInside(rootfs, wanted);
  const below = wanted.slice(nearest.target.length);
  return below === "" ? nearest.mount.source : pathInside(nearest.mount.source, below);
}

/** A container's own mount takes the place of one that is made for it. */
function lastOfEach(mounts: readonly StepMount[]): readonly StepMount[] {
  return mounts.filter(({ target }, at) => mounts.findLastIndex((other) => other.target === target) === at);
}

/** A command of its own leaves the image's arguments out, too. */
function commandOf(
  container: PodContainer,
  { config }: ImageRoot,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  const { command, args } = container;
  const own = [...(command ?? config.entrypoint), ...(args ?? (command === undefined ? config.cmd : []))];
  const stated = [...(command ?? []), ...(args ?? [])].length > 0;
  const expanded = stated ? own.map((word) => expandVariables(word, variables)) : own;
  if (expanded.length > 0) return expanded;
  throw new CooperError(
    "pod/no-command",
    `cannot start container ${JSON.stringify(container.name)}: neither it nor its image has a command`,
    {
      hint: "add command:",
    },
  );
}

interface LiveParts {
  readonly container: PodContainer;
  readonly opened: Container;
  readonly process: RunningProcess;
  readonly like: ContainerProcess;
  readonly home: PodHome;
  readonly scope: Scope;
}

class Live implements LiveContainer {
  readonly end: Promise<ContainerEnd>;
  readonly hooked: Promise<string | undefined>;
  readonly networkNamespace: string | undefined;
  readonly #parts: LiveParts;
  readonly #process: RunningProcess;
  #ended = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: LiveParts) {
    const { container, process, home } = parts;
    this.#parts = parts;
    this.#process = process;
    this.networkNamespace = home.network?.path;
    const flows = [process.stdout, process.stderr].flatMap((stream, at) =>
      stream === undefined
        ? []
        : [flow(stream, (chunk) => home.around.output(container.name, at === 0 ? 1 : 2, chunk))],
    );
    this.end = this.#waitForEnd(flows);
    this.end.catch(() => {});
    const { postStart } = container;
    this.hooked =
      postStart === undefined ? Promise.resolve(undefined) : this.#hook("postStart", postStart, hookPatience);
  }

  async #waitForEnd(flows: readonly Promise<void>[]): Promise<ContainerEnd> {
    try {
      const { exitCode, oomKilledAt } = await this.#process.exit;
      await Promise.all(flows);
      return { exitCode, oomKilled: oomKilledAt !== undefined };
    } finally {
      this.#ended = true;
    }
  }

  /** What went wrong with a hook; nothing when the container has ended meanwhile. */
  async #hook(name: string, hook: Hook, seconds: number): Promise<string | undefined> {
    const over = new AbortController();
    const end = () => over.abort();
    this.end.then(end, end);
    const scope = { ...this.#parts.scope, signal: AbortSignal.any([this.#parts.scope.signal, over.signal]) };
    const done =
      hook.kind === "sleep"
        ? later(Math.min(hook.seconds, seconds) * 1000, true, { signal: scope.signal })
        : succeeds(hook, seconds, this, scope);
    const good = await done.catch(() => true);
    return good || this.#ended ? undefined : `its ${name} hook failed`;
  }

  stop(graceSeconds: number): Promise<void> {
    this.#stopping ??= this.#stop(graceSeconds);
    return this.#stopping;
  }

  async #stop(graceSeconds: number): Promise<void> {
    if (this.#ended) return;
    const begun = performance.now();
    const { container, home } = this.#parts;
    if (container.preStop !== undefined) {
      const trouble = await this.#hook("preStop", container.preStop, graceSeconds);
      if (trouble !== undefined)
        home.around.event({ kind: "warning", text: `container ${container.name}: ${trouble}` });
    }
    if (this.#ended) return;
    this.#process.signal("SIGTERM");
    const used = performance.now() - begun;
    const left =
      container.preStop === undefined ? graceSeconds * 1000 : Math.max(leastAfterHook, graceSeconds * 1000 - used);
    const waiting = new AbortController();
    const patience = later(left, undefined, { signal: waiting.signal, ref: true }).then(
      () => this.#process.signal("SIGKILL"),
      () => {},
    );
    await this.end.catch(() => {});
    waiting.abort();
    await patience;
  }

  async exec(command: readonly string[], scope: Scope): Promise<number> {
    try {
      const process = await this.#parts.opened.start({ ...this.#parts.like, args: command }, scope);
      process.stdout.resume();
      process.stderr?.resume();
      return (await process.exit).exitCode;
    } catch (error) {
      if (isCooperError(error, "executor/start-failed")) return 127;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.opened[Symbol.asyncDispose]();
    await this.end.catch(() => {});
  }
}

/** Hands on what a stream brings; resolves when it has ended. One that brought nothing may be closed by now. */
function flow(stream: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  if (stream.closed) return Promise.resolve();
  stream.on("data", onChunk);
  return new Promise((resolve) => {
    stream.once("close", resolve);
    stream.once("error", () => resolve());
  });
}
