import type { ContainerMount, ContainerRequest, GatewayContainer } from "../gateway/index.ts";
import { CooperError, isCooperError } from "../kit/index.ts";
import type { Mount } from "../llb/index.ts";
import { type ExecContainer, type ExecTools, openExecContainer, type Ref } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import { checkNetwork, checkSecurity } from "./entitlements.ts";
import { LiveTree } from "./live-tree.ts";

/** A container of a build's frontend. `treeOf` shows what a mount's id stands for, present on this machine. */
export async function openContainer(
  job: BuildJob,
  request: ContainerRequest,
  tools: ExecTools,
  treeOf: (id: string) => Promise<Ref>,
): Promise<GatewayContainer & AsyncDisposable> {
  const inputs: Ref[] = [];
  const mounts: Mount[] = [];
  for (const mount of request.mounts) {
    if (mount.ref !== undefined) inputs.push(await treeOf(mount.ref));
    mounts.push(plainMount(mount, mount.ref === undefined ? undefined : inputs.length - 1));
  }
  const traceparent = job.request.traceOf?.();
  const scope = { ...job.scope(() => {}), allowRequest: job.member.allowRequest, traceparent };
  const { network, hostname, extraHosts, platform, files } = request;
  const proxyNetwork = job.proxyNetwork && network !== "none";
  const place = { ...(platform && { platform }), ...(files && { files }), ...(proxyNetwork && { proxyNetwork }) };
  const spec = { mounts, network, hostname, extraHosts, ...place };
  return new JobContainer(job, request, await openExecContainer(spec, inputs, tools, scope));
}

/** All trees may be written to, and nothing of that is kept. */
function plainMount({ dest, selector, readonly, type }: ContainerMount, input: number | undefined): Mount {
  return { input, selector, dest, output: undefined, readonly, contentCache: "default", resultId: "", type };
}

class JobContainer implements GatewayContainer, AsyncDisposable {
  readonly #job: BuildJob;
  readonly #request: ContainerRequest;
  readonly #container: ExecContainer;
  readonly #exits: Promise<unknown>[] = [];
  #failure: unknown;
  #closed: Promise<void> | undefined;

  constructor(job: BuildJob, request: ContainerRequest, container: ExecContainer) {
    this.#job = job;
    this.#request = request;
    this.#container = container;
  }

  async start(request: Parameters<GatewayContainer["start"]>[0]): ReturnType<GatewayContainer["start"]> {
    try {
      checkNetwork(this.#request.network, this.#job.request.entitlements);
      checkSecurity(request.security, this.#job.request.entitlements);
      const process = await this.#container.start(
        request,
        this.#job.scope(() => {}),
      );
      this.#exits.push(
        process.exit.then(
          ({ exitCode }) => this.#ended(exitCode),
          (error) => this.#failed(error),
        ),
      );
      return process;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  async readFile(mount: number, path: string, limit?: number): Promise<Uint8Array> {
    return this.#tree(mount).readFile(path, limit);
  }

  async readDir(mount: number, path: string, pattern: string) {
    return this.#tree(mount).readDir(path, pattern);
  }

  async fileInfo(mount: number, path: string) {
    return this.#tree(mount).fileInfo(path);
  }

  async release(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (this.#failure === undefined) return;
    const cancelled = isCooperError(this.#failure, "executor/cancelled");
    throw cancelled ? new CooperError("engine/cancelled", "context canceled", { cause: this.#failure }) : this.#failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#container[Symbol.asyncDispose]();
    await Promise.all(this.#exits);
  }

  #tree(mount: number): LiveTree {
    const { length } = this.#request.mounts;
    if (mount < 0 || mount >= length) {
      throw new CooperError("engine/bad-mount-index", `mount index ${mount} is out of bounds (${length} available)`);
    }
    const tree = this.#closed === undefined ? this.#container.treeOf(mount) : undefined;
    if (tree === undefined) throw new CooperError("engine/bad-mount-index", `mountable ${mount} not found`);
    return new LiveTree(tree);
  }

  #ended(exitCode: number): void {
    const details = { kind: "exit", code: exitCode };
    if (exitCode !== 0) this.#failed(new CooperError("engine/failed", `exit code: ${exitCode}`, { details }));
  }

  #failed(error: unknown): void {
    this.#failure ??= error;
  }
}
