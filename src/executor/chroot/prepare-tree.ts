import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lstatIfThere } from "../../kit/index.ts";
import type { Step, StepMount } from "../contract.ts";
import { mountStubCleaner } from "../rootfs/mount-stubs.ts";
import { type DnsOptions, hostsFileFor, readMachineResolvConf, resolvConfFor } from "../rootfs/network-files.ts";
import { lookupUser, type StepUser } from "../rootfs/user.ts";
import { ensureWorkingDir } from "../rootfs/working-dir.ts";
import { defaultHostname, stepDevice } from "../spec/build-spec.ts";
import { type OutputPipePaths, placeDevices, placeKernelTrees } from "./kernel-files.ts";
import { Placement } from "./placement.ts";

/** A tree that a step can be chrooted into; disposal takes everything out of it that is not the step's own. */
export interface PreparedTree extends Disposable {
  readonly user: StepUser;
  readonly pipes: OutputPipePaths;
  /** Devices that could not be made. */
  readonly gaps: readonly string[];
  /** Where the source of a bind mount is now; undefined for what is none. */
  placeOf(source: string): string | undefined;
}

/** `aside`: a name beside the tree that nobody uses. Throws `executor/no-user`, `executor/working-dir`, `executor/no-device`. */
export function prepareTree(step: Step, aside: string, dns: DnsOptions | undefined): PreparedTree {
  const { rootfs } = step;
  const user = lookupUser(rootfs, step.user);
  const targets = ["/etc/resolv.conf", "/etc/hosts", ...step.mounts.map((mount) => mount.target)];
  const cleanStubs = mountStubCleaner(rootfs, targets, step.removeMountStubs);
  ensureWorkingDir(rootfs, step.cwd, user);
  // A runtime makes these mount points, and they stay in the tree.
  for (const name of ["dev", "proc", "sys"]) {
    if (lstatIfThere(join(rootfs, name)) === undefined) mkdirSync(join(rootfs, name), { mode: 0o755 });
  }
  const placement = new Placement(rootfs, aside);
  const takeOut = () => {
    placement.undo();
    cleanStubs();
  };
  try {
    const devices = placeDevices(rootfs, placement, step.devices.map(stepDevice));
    placeKernelTrees(placement);
    placeNetworkFiles(step, dns, placement);
    for (const mount of byTarget(step.mounts)) placeMount(mount, placement);
    placement.settle();
    return { user, ...devices, placeOf: (source) => placement.placeOf(source), [Symbol.dispose]: takeOut };
  } catch (error) {
    takeOut();
    throw error;
  }
}

function placeNetworkFiles(step: Step, dns: DnsOptions | undefined, placement: Placement): void {
  const files = {
    "/etc/resolv.conf": resolvConfFor(readMachineResolvConf(true), dns, true),
    "/etc/hosts": hostsFileFor(step.hostname || defaultHostname, step.extraHosts),
  };
  for (const [path, text] of Object.entries(files)) {
    placement.make(path, (at) => writeFileSync(at, text, { mode: 0o644 }));
  }
}

/** Parents first. */
function byTarget(mounts: readonly StepMount[]): StepMount[] {
  return mounts.toSorted((a, b) => Buffer.compare(Buffer.from(a.target), Buffer.from(b.target)));
}

/** What a read-only mount holds is a copy (see `Executor.movesMounts`): a step that writes to it changes nobody's files. */
function placeMount(mount: StepMount, placement: Placement): void {
  if (mount.kind === "bind") placement.move(mount.source, mount.target);
  else placement.make(mount.target, (path) => mkdirSync(path, { mode: 0o755 }));
}
