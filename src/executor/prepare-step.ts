import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step, TerminalSize } from "./contract.ts";
import { mountStubCleaner } from "./rootfs/mount-stubs.ts";
import { type DnsOptions, hostsFileFor, readMachineResolvConf, resolvConfFor } from "./rootfs/network-files.ts";
import { lookupUser } from "./rootfs/user.ts";
import { ensureWorkingDir } from "./rootfs/working-dir.ts";
import type { Bundle } from "./runtime/container.ts";
import { runtimeRootName } from "./runtime/sweep.ts";
import { buildSpec, defaultHostname, specJson } from "./spec/build-spec.ts";
import type { HostFacts } from "./spec/host-facts.ts";
import type { NetworkFiles } from "./spec/mounts.ts";
import type { RuntimeSpec } from "./spec/runtime-spec.ts";
import { checkIds, forUserNamespace } from "./spec/user-namespace.ts";

export interface StepContext {
  readonly id: string;
  readonly ownerFolder: string;
  readonly host: HostFacts;
  readonly networkMode: string;
  readonly dns?: DnsOptions;
  readonly cgroupParent?: string;
  readonly oomScoreAdj?: number;
  /** The process runs on a terminal of the container's. */
  readonly terminal?: TerminalSize | undefined;
  /** Marks the container's processes, where no pid namespace holds them. */
  readonly cookie?: string | undefined;
}

/** A bundle on disk and a rootfs that is ready for it; disposal removes the bundle and the mount stubs. */
export interface PreparedStep extends Disposable {
  readonly bundle: Bundle;
}

/**
 * Writes the step's bundle and makes its working directory. Throws `executor/no-user`, `executor/working-dir`,
 * `executor/no-device`. With synchronous calls on purpose: ten small ones, quicker than their promises.
 */
export function prepareStep(step: Step, context: StepContext): PreparedStep {
  const folder = join(context.ownerFolder, "steps", context.id);
  const { id, ownerFolder, cookie, host } = context;
  const counts = step.limits?.memoryBytes !== undefined && host.userNamespace === undefined;
  const bundle = {
    id,
    folder,
    runtimeRoot: join(ownerFolder, runtimeRootName),
    ...(cookie && { cookie }),
    countsOomKills: counts,
  };
  const user = lookupUser(step.rootfs, step.user);
  if (context.host.userNamespace !== undefined) checkIds(user, context.host.userNamespace);
  const cleanStubs = mountStubCleaner(step.rootfs, stubTargets(step), step.removeMountStubs);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  try {
    ensureWorkingDir(step.rootfs, step.cwd, user);
    const ownNetwork = hasOwnNetwork(step, context.networkMode);
    const spec = buildSpec({
      id: context.id,
      step: { ...step, cgroupParent: step.cgroupParent || (context.cgroupParent ?? "") },
      user,
      files: networkFiles(step, context, folder, ownNetwork),
      host: context.host,
      ownNetwork,
      ...(context.oomScoreAdj !== undefined && { oomScoreAdj: context.oomScoreAdj }),
      terminal: context.terminal,
    });
    writeFileSync(join(folder, "config.json"), specJson(adapted(spec, context)), { mode: 0o600 });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    bundle,
    [Symbol.dispose]() {
      cleanStubs();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function adapted(spec: RuntimeSpec, { host, cookie }: StepContext): RuntimeSpec {
  const suited = host.userNamespace === undefined ? spec : forUserNamespace(spec, host.userNamespace);
  if (cookie === undefined) return suited;
  const { process } = suited;
  const mark = { type: "RLIMIT_LOCKS", soft: Number(cookie), hard: Number(cookie) };
  const others = (process.rlimits ?? []).filter(({ type }) => type !== mark.type);
  return { ...suited, process: { ...process, rlimits: [...others, mark] } };
}

function stubTargets(step: Step): string[] {
  return ["/etc/resolv.conf", "/etc/hosts", ...step.mounts.map((mount) => mount.target)];
}

/** Where no network was made for it, the sandbox's is the machine's, as upstream's `auto` mode has it. */
function hasOwnNetwork(step: Step, networkMode: string): boolean {
  return (
    step.network === "none" || step.nameServers !== undefined || (step.network === "sandbox" && networkMode === "none")
  );
}

/** The plain ones are made once for all steps; a host name or extra hosts need a file of their own. */
function networkFiles(step: Step, context: StepContext, folder: string, ownNetwork: boolean): NetworkFiles {
  const host = step.network === "host";
  const dns = withNameServers(context.dns, step.nameServers);
  const name = host ? "resolv-host.conf" : ownNetwork ? "resolv-own.conf" : "resolv.conf";
  const resolvConf = join(dns === context.dns ? context.ownerFolder : folder, name);
  if (!existsSync(resolvConf)) {
    writeFileSync(resolvConf, resolvConfFor(readMachineResolvConf(host), dns, host || !ownNetwork));
  }
  const hostname = step.hostname || defaultHostname;
  const plain = step.extraHosts.length === 0 && hostname === defaultHostname;
  const hosts = plain ? join(context.ownerFolder, "hosts") : join(folder, "hosts");
  if (!existsSync(hosts)) writeFileSync(hosts, hostsFileFor(hostname, step.extraHosts));
  return { resolvConf, hosts };
}

/** What somebody has set counts more than what the network says. */
function withNameServers(set: DnsOptions | undefined, told: DnsOptions | undefined): DnsOptions | undefined {
  if (told === undefined || Object.values(told).every((list) => list.length === 0)) return set;
  const either = (key: keyof DnsOptions) => (set !== undefined && set[key].length > 0 ? set[key] : told[key]);
  return { nameservers: either("nameservers"), options: either("options"), searchDomains: either("searchDomains") };
}
