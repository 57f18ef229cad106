import type { Location } from "./instruction.ts";

export type DirectiveName = "syntax" | "escape" | "check";

export interface Directive {
  readonly name: DirectiveName;
  /** Up to the first space. */
  readonly value: string;
  /** All of it: an image reference and arguments of a `syntax` directive. */
  readonly line: string;
  readonly location: Location;
}

/** The `syntax` directive in any form: `# syntax=`, `// syntax=`, JSON; a shebang line before it is skipped. */
export function detectSyntax(data: Uint8Array): Directive | undefined {
  return findDirective("syntax", data);
}

/** A directive in `#` form, or undefined. Never throws: a repeated directive is `parseDockerfile`'s to report. */
export function findDirective(name: DirectiveName, data: Uint8Array): Directive | undefined {
  throw new Error(`not yet: ${name} ${data}`);
}
