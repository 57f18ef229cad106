/** One call of the stand-in, as the script wrote it down. */
export interface AgentCall {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: ReadonlyMap<string, string>;
  /** Name of the container that it came from; empty on the machine itself. */
  readonly container: string;
  /** Who called, to own what is written for them. */
  readonly uid: number;
  readonly gid: number;
  /** Undefined: not read yet. */
  readonly stdin: Buffer | undefined;
}

export type AgentAnswer =
  | { readonly kind: "exit"; readonly code: number; readonly out?: string; readonly err?: string }
  /** The call is to be made again, with standard input. */
  | { readonly kind: "stdin" };

export const done: AgentAnswer = { kind: "exit", code: 0 };

export function printed(out: string): AgentAnswer {
  return { kind: "exit", code: 0, out };
}

export function refused(err: string, code = 1): AgentAnswer {
  return { kind: "exit", code, err: `${err}\n` };
}

/** Words of a command line: flags by name, and the others in order. */
export interface Words {
  readonly flags: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Flags of the agent that take no value. */
const switches = new Set([
  "append",
  "debug",
  "dry-run",
  "follow-symlinks",
  "include-retried-jobs",
  "allow-empty-results",
  "no-color",
  "no-interpolation",
  "reject-secrets",
  "replace",
  "sha256",
  "apply-if-changed",
  "apply-skip-to-existing",
  "skip-redaction",
]);

export function wordsOf(args: readonly string[]): Words {
  const flags = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === "--") {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (!/^--?[A-Za-z]/.test(word)) {
      rest.push(word);
      continue;
    }
    const [name = "", value] = word.replace(/^--?/, "").split(/=(.*)/s);
    if (value !== undefined) flags.set(name, value);
    else if (switches.has(name)) flags.set(name, "true");
    else flags.set(name, args[++at] ?? "");
  }
  return { flags, rest };
}
