export { type Command, runCommand } from "./command.ts";
export { runCooper } from "./cooper/lazy-run.ts";
export { runBuildkitd } from "./daemon/lazy-main.ts";
