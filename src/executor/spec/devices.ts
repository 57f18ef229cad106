import { statSync } from "node:fs";
import { CooperError } from "../../kit/index.ts";
import type { DeviceRule, SpecDevice } from "./runtime-spec.ts";

/** Devices that an insecure step finds in /dev, as upstream gives them. */
const insecureCharacterDevices: readonly SpecDevice[] = [
  { path: "/dev/kmsg", type: "c", major: 1, minor: 11 },
  { path: "/dev/cuse", type: "c", major: 10, minor: 203 },
  { path: "/dev/fuse", type: "c", major: 10, minor: 229 },
  { path: "/dev/kvm", type: "c", major: 10, minor: 232 },
  { path: "/dev/net/tun", type: "c", major: 10, minor: 200 },
  { path: "/dev/loop-control", type: "c", major: 10, minor: 237 },
];
/** Upstream asks the kernel for the next free loop device and gives seven more; eight is that on a machine without any in use. */
const loopDevices: readonly SpecDevice[] = Array.from({ length: 8 }, (_, minor) => ({
  path: `/dev/loop${minor}`,
  type: "b",
  major: 7,
  minor,
}));

export const insecureDevices: readonly SpecDevice[] = [...insecureCharacterDevices, ...loopDevices];

export const insecureDeviceRules: readonly DeviceRule[] = [
  { allow: true, type: "c", access: "rwm" },
  { allow: true, type: "b", access: "rwm" },
];

/** A device of this machine, to be made in the container too. Throws `executor/no-device`. */
export function hostDevice(path: string): SpecDevice {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !(stats.isCharacterDevice() || stats.isBlockDevice())) {
    throw new CooperError("executor/no-device", `cannot give the step ${JSON.stringify(path)}: no such device`);
  }
  return {
    path,
    type: stats.isBlockDevice() ? "b" : "c",
    major: deviceMajor(stats.rdev),
    minor: deviceMinor(stats.rdev),
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** glibc's `major(3)` and `minor(3)`; device numbers below 2^32 are all that Linux makes. */
function deviceMajor(device: number): number {
  return (device >>> 8) & 0xfff;
}
function deviceMinor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
