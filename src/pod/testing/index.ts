export { busyboxImages } from "./busybox-images.ts";
export { type Lab, podLab } from "./pod-lab.ts";
