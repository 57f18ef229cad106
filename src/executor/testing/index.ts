export { makeBusyboxRootfs } from "./busybox-rootfs.ts";
