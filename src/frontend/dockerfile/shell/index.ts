export { isSpace, trim } from "./characters.ts";
export * from "./lexer.ts";
