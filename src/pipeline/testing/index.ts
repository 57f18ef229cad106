export { plainBuild } from "./plain-build.ts";
