export { makeBusyboxRootfs } from "./busybox-rootfs.ts";
export { plainStep } from "./plain-step.ts";
