export * from "./config.ts";
export * from "./conversion-checks.ts";
export * from "./file-checks.ts";
export type { Linter, LintFinding, LintRule } from "./linter.ts";
export { createLinter, silentLinter } from "./linter.ts";
export * as rules from "./rules.ts";
