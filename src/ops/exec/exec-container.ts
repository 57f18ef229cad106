import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container, ContainerSpec, RunningProcess, Step, StepMount, TerminalSize } from "../../executor/index.ts";
import type { Scope } from "../../kit/index.ts";
import type { Mount, NetworkMode, SecretEnv, SecurityMode } from "../../llb/index.ts";
import { hostPlatform, type Platform } from "../../oci/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { behindProxy } from "./behind-proxy.ts";
import { emulated } from "./emulation.ts";
import type { ExecTools } from "./exec-op.ts";
import { prepareMounts } from "./prepare-mounts.ts";
import { secretEnv } from "./secret-env.ts";
import { defaultPath } from "./step-of.ts";
import { stepTracing } from "./tracing.ts";

export interface ExecContainerSpec {
  readonly mounts: readonly Mount[];
  readonly network: NetworkMode;
  readonly hostname: string;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  /** The machine's own by default. */
  readonly platform?: Platform;
  /** Its network is one of its own, out of which only the builder's proxy leads. */
  readonly proxyNetwork?: boolean;
  /** Files of the builder's own that are seen, read-only, in the folder `target`. */
  readonly files?: { readonly target: string; readonly files: ReadonlyMap<string, Uint8Array> };
}

export interface ExecContainerProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly secretEnv: readonly SecretEnv[];
  readonly cwd: string;
  /** Empty: the first process's; that one's: root. */
  readonly user: string;
  readonly security: SecurityMode;
  readonly removeMountStubs: boolean;
  readonly stdin: boolean;
  readonly terminal?: TerminalSize;
}

export interface ExecContainer extends AsyncDisposable {
  /** As `Container.start`. Throws `ops/no-secret`. */
  start(process: ExecContainerProcess, scope: Scope): Promise<RunningProcess>;
  /** Where the tree of the mount with that index is on this machine. Undefined for mounts that are no trees. */
  treeOf(mount: number): string | undefined;
}

/** See `openExecContainer`. */
export async function execContainer(
  spec: ExecContainerSpec,
  inputs: readonly Ref[],
  { storage, executor, proxies, traceSocket }: ExecTools,
  scope: OpScope,
): Promise<ExecContainer> {
  await using stack = new AsyncDisposableStack();
  const runner = await executor();
  const body = { mounts: spec.mounts, meta: { cwd: "/" } };
  const prepared = stack.use(await prepareMounts(body, inputs, storage, scope, runner.movesMounts));
  const files = spec.files && stack.use(await filesMount(spec.files, storage));
  const tracing = stepTracing(runner.movesMounts ? undefined : traceSocket, scope.traceparent);
  const mounts = [...prepared.mounts, ...(files === undefined ? [] : [files.mount]), ...tracing.mounts];
  const home = spec.proxyNetwork && stack.use(await behindProxy(prepared.rootfs, runner, proxies, scope));
  const box: ContainerSpec = {
    ...(home && { networkNamespace: home.networkNamespace }),
    ...{ rootfs: prepared.rootfs, readonlyRootfs: false, mounts },
    ...{ network: spec.network, hostname: spec.hostname, extraHosts: spec.extraHosts },
    ...{ ulimits: [], cgroupParent: "", devices: [] },
  };
  const withEmulator = (args: readonly string[]) =>
    emulated({ ...box, ...noProcess, args }, spec.platform, process.env.PATH ?? "");
  const container: Container = stack.use(await runner.open({ ...box, mounts: withEmulator([]).mounts }, scope));
  const held = stack.move();
  let user: string | undefined;
  return {
    async start(wanted, processScope) {
      const secrets = await secretEnv(wanted.secretEnv, scope);
      const own = environment(wanted, spec.platform ?? hostPlatform());
      const env = tracing.environment([...own, ...(home ? home.env : []), ...secrets]);
      user ??= wanted.user;
      const { args } = withEmulator(wanted.args);
      return container.start({ ...wanted, args, env, user: wanted.user || user }, processScope);
    },
    treeOf(index) {
      const mount = spec.mounts[index];
      const tree = mount === undefined ? undefined : prepared.treeOf(mount);
      return tree === undefined ? undefined : (container.placeOf?.(tree) ?? tree);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const noProcess = {
  args: [],
  env: [],
  cwd: "/",
  user: "",
  security: "sandbox",
  removeMountStubs: false,
} satisfies Partial<Step>;

const windowsPath = "PATH=c:\\Windows\\System32;c:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0";

/** Upstream's defaults: a PATH, and a TERM for a terminal. */
function environment({ env, terminal }: ExecContainerProcess, { os }: Platform): string[] {
  const path = os === "windows" ? windowsPath : defaultPath;
  const defaults = [path, ...(terminal === undefined ? [] : ["TERM=xterm"])];
  const missing = defaults.filter((one) => !env.some((entry) => entry.startsWith(one.slice(0, one.indexOf("=") + 1))));
  return [...env, ...missing].filter((entry) => entry.includes("="));
}

async function filesMount({ target, files }: NonNullable<ExecContainerSpec["files"]>, storage: Storage) {
  const folder = await storage.temporaryFolder("files");
  for (const [name, data] of files) writeFileSync(join(folder.path, name), data, { mode: 0o444 });
  const options = ["nosuid", "nodev", "noexec"];
  const mount: StepMount = { kind: "bind", source: folder.path, target, readonly: true, options };
  return { mount, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
