export { makeBusyboxRootfs } from "./busybox-rootfs.ts";
export { hostProfile } from "./host-profile.ts";
export { plainStep } from "./plain-step.ts";
