export * from "./lexer.ts";
