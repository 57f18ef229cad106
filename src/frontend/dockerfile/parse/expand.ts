import type { Instruction, KeyValue, SourcesAndDest } from "./instruction.ts";
import { readMounts } from "./mounts.ts";

/** Expands one word; throws what `expandWord` throws. */
export type Expander = (word: string) => string;

/**
 * A copy of `instruction` with its words expanded as upstream does before dispatch: `expand` for words, `expandRaw`
 * (quotes are ordinary there, escape token always backslash) for bodies of COPY/ADD heredocs; reads RUN's mounts.
 * ARG stays as it is (its value may be ignored), and so do RUN/CMD/ENTRYPOINT command lines, EXPOSE, SHELL,
 * HEALTHCHECK, ONBUILD and MAINTAINER. Words are expanded in upstream's order, so its first error is ours.
 */
export function expandInstruction(instruction: Instruction, expand: Expander, expandRaw: Expander): Instruction {
  switch (instruction.kind) {
    case "env":
      return { ...instruction, env: expandPairs(instruction.env, expand) };
    case "label":
      return { ...instruction, labels: expandPairs(instruction.labels, expand) };
    case "add": {
      const flags = { chown: expand(instruction.chown), chmod: expand(instruction.chmod) };
      const checksum = expand(instruction.checksum);
      return { ...instruction, ...flags, checksum, ...expandSources(instruction, expand, expandRaw) };
    }
    case "copy": {
      const flags = { chown: expand(instruction.chown), chmod: expand(instruction.chmod) };
      return { ...instruction, ...flags, ...expandSources(instruction, expand, expandRaw) };
    }
    case "workdir":
      return { ...instruction, path: expand(instruction.path) };
    case "user":
      return { ...instruction, user: expand(instruction.user) };
    case "volume":
      return { ...instruction, volumes: instruction.volumes.map((volume) => expand(volume)) };
    case "stopsignal":
      return { ...instruction, signal: expand(instruction.signal) };
    case "run":
      return { ...instruction, mounts: readMounts(instruction.mountFlags, expand) };
    default:
      return instruction;
  }
}

function expandPairs(pairs: readonly KeyValue[], expand: Expander): KeyValue[] {
  return pairs.map((pair) => ({ key: expand(pair.key), value: expand(pair.value), noDelim: pair.noDelim }));
}

function expandSources(from: SourcesAndDest, expand: Expander, expandRaw: Expander): SourcesAndDest {
  const sourcePaths = from.sourcePaths.map((path) => expand(path));
  const destPath = expand(from.destPath);
  const sourceContents = from.sourceContents.map((content) =>
    content.expand ? { ...content, data: expandRaw(content.data) } : content,
  );
  return { sourcePaths, destPath, sourceContents };
}
