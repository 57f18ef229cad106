import type { Instruction, RunMount } from "./instruction.ts";

/** Expands one word; throws what `expandWord` throws. */
export type Expander = (word: string) => string;

/**
 * A copy of `instruction` with its words expanded as upstream does before dispatch: `expand` for words, `expandRaw`
 * (quotes are ordinary there, escape token always backslash) for bodies of COPY/ADD heredocs; reads RUN's mounts.
 * ARG is expanded by nobody here (its value may be ignored), and neither are RUN/CMD/ENTRYPOINT command lines, EXPOSE, SHELL,
 * HEALTHCHECK, ONBUILD and MAINTAINER.
 */
export function expandInstruction<T extends Instruction>(instruction: T, expand: Expander, expandRaw: Expander): T {
  throw new Error(`not yet: ${instruction} ${expand} ${expandRaw}`);
}

/** Reads the `--mount` flags of a RUN. Throws `dockerfile/invalid-mount` with upstream's sentences. */
export function readMounts(flags: readonly { readonly text: string }[], expand: Expander): RunMount[] {
  throw new Error(`not yet: ${flags} ${expand}`);
}
