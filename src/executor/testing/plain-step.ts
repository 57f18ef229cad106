import type { Step } from "../contract.ts";

/** A step that asks for nothing special: root runs `args` in `rootfs`, at `/`. */
export function plainStep(rootfs: string, args: readonly string[]): Step {
  return {
    rootfs,
    readonlyRootfs: false,
    mounts: [],
    args,
    env: ["PATH=/bin"],
    cwd: "/",
    user: "",
    hostname: "",
    network: "sandbox",
    security: "sandbox",
    extraHosts: [],
    ulimits: [],
    cgroupParent: "",
    devices: [],
    removeMountStubs: false,
  };
}
