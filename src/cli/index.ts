export { type Command, runCommand } from "./command.ts";
