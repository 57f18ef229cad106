export { type Command, runCommand } from "./command.ts";
export { runBuildkitd } from "./daemon/lazy-main.ts";
