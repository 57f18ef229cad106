export { makeBusyboxRootfs } from "./busybox-rootfs.ts";
export { crunAnywhere } from "./crun-anywhere.ts";
export { hostProfile } from "./host-profile.ts";
export { plainContainer } from "./plain-container.ts";
export { plainStep } from "./plain-step.ts";
