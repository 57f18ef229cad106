import type { CommandReader } from "./commands.ts";
import { readFlags } from "./flags.ts";
import { chompHeredoc, parseHeredocWord } from "./heredoc.ts";
import type { SourceContent, SourcesAndDest } from "./instruction.ts";
import { invalid } from "./messages.ts";
import type { Heredoc, LineNode } from "./node.ts";

export const readCopy: CommandReader = (node, base) => {
  const needsTwo = requireTwo(node, "COPY");
  const flags = readFlags(node.flags, {
    chown: "string",
    from: "string",
    chmod: "string",
    link: "bool",
    exclude: "strings",
    parents: "bool",
  });
  return {
    ...base,
    kind: "copy",
    ...sourcesAndDest(needsTwo, node.heredocs, "COPY"),
    from: flags.string("from"),
    chown: flags.string("chown"),
    chmod: flags.string("chmod"),
    link: flags.bool("link") === true,
    parents: flags.bool("parents") === true,
    excludePatterns: flags.strings("exclude"),
  };
};

export const readAdd: CommandReader = (node, base) => {
  const needsTwo = requireTwo(node, "ADD");
  const flags = readFlags(node.flags, {
    chown: "string",
    chmod: "string",
    link: "bool",
    "keep-git-dir": "bool",
    checksum: "string",
    unpack: "bool",
    exclude: "strings",
  });
  return {
    ...base,
    kind: "add",
    ...sourcesAndDest(needsTwo, node.heredocs, "ADD"),
    chown: flags.string("chown"),
    chmod: flags.string("chmod"),
    link: flags.bool("link") === true,
    keepGitDir: flags.bool("keep-git-dir"),
    checksum: flags.string("checksum"),
    unpack: flags.bool("unpack"),
    excludePatterns: flags.strings("exclude"),
  };
};

function requireTwo(node: LineNode, command: string): readonly string[] {
  if (node.args.length >= 2) return node.args;
  const sentence = "requires at least two arguments, but only one was provided. Destination could not be determined";
  throw invalid(`${command} ${sentence}`);
}

/** The last word is the destination; heredoc words among the others are files that the Dockerfile holds. */
function sourcesAndDest(args: readonly string[], heredocs: readonly Heredoc[], command: string): SourcesAndDest {
  const destPath = args.at(-1) ?? "";
  if (parseHeredocWord(destPath) !== undefined) {
    throw invalid(`${command} cannot accept a heredoc as a destination`, destPath);
  }
  // Of two heredocs with one name, both words mean the last body.
  const bodies = new Map(heredocs.map((heredoc) => [heredoc.name, heredoc.content]));
  const sourcePaths: string[] = [];
  const sourceContents: SourceContent[] = [];
  for (const word of args.slice(0, -1)) {
    const heredoc = parseHeredocWord(word);
    if (heredoc === undefined) {
      sourcePaths.push(word);
    } else {
      const body = bodies.get(heredoc.name) ?? "";
      const data = heredoc.chomp ? chompHeredoc(body) : body;
      sourceContents.push({ path: heredoc.name, data, expand: heredoc.expand });
    }
  }
  return { destPath, sourcePaths, sourceContents };
}
