import { cleanPath } from "../kit/index.ts";
import { normalizePlatform, type Platform } from "../oci/index.ts";
import { EnvList } from "./env-list.ts";
import { ExecNode, type RunOptions } from "./exec-node.ts";
import { type FileActions, FileNode } from "./file-node.ts";
import type { Output, VertexOptions } from "./node.ts";
import type { NetworkMode } from "./op.ts";

interface Values {
  readonly env: EnvList;
  readonly dir: string;
  readonly user: string;
  readonly hostname: string;
  readonly network: NetworkMode;
  readonly platform: Platform | undefined;
}

const initial: Values = {
  env: EnvList.empty,
  dir: "/",
  user: "",
  hostname: "",
  network: "sandbox",
  platform: undefined,
};

/**
 * A file system still to be made, and how processes would run in it. Immutable: every method gives a new state.
 * `output` undefined is scratch.
 */
export class State {
  readonly output: Output | undefined;
  readonly #values: Values;

  constructor(output: Output | undefined, values: Values = initial) {
    const platform = output?.kind === "node" ? output.platform : undefined;
    this.output = output;
    this.#values = platform === undefined ? values : { ...values, platform: normalizePlatform(platform) };
  }

  get env(): EnvList {
    return this.#values.env;
  }
  /** Absolute. */
  get dir(): string {
    return this.#values.dir;
  }
  get user(): string {
    return this.#values.user;
  }
  get hostname(): string {
    return this.#values.hostname;
  }
  get network(): NetworkMode {
    return this.#values.network;
  }
  get platform(): Platform | undefined {
    return this.#values.platform;
  }

  addEnv(name: string, value: string): State {
    return this.#with({ env: this.env.set(name, value) });
  }
  /** A relative directory is taken from the current one. */
  withDir(dir: string): State {
    return this.#with({ dir: joinDir(this.dir, dir) });
  }
  withUser(user: string): State {
    return this.#with({ user });
  }
  withHostname(hostname: string): State {
    return this.#with({ hostname });
  }
  withNetwork(network: NetworkMode): State {
    return this.#with({ network });
  }
  withPlatform(platform: Platform): State {
    return this.#with({ platform: normalizePlatform(platform) });
  }

  /** The same settings on another file system. */
  withOutput(output: Output | undefined): State {
    return new State(output, this.#values);
  }

  /** What is there after a process ran. */
  run(options: RunOptions): State {
    return this.withOutput(new ExecNode(this, options).root);
  }

  /** What a mount of a process holds after it ran; nothing else is known of that tree. */
  runOutput(options: RunOptions, target: string): State {
    return new State(new ExecNode(this, options).outputOf(target));
  }

  /** What is there after these file actions; their relative paths count from `dir`. */
  file(actions: FileActions, options: VertexOptions = {}): State {
    return this.withOutput(new FileNode(this, actions, options).output);
  }

  #with(change: Partial<Values>): State {
    return new State(this.output, { ...this.#values, ...change });
  }
}

/** The empty tree. */
export function scratch(): State {
  return new State(undefined);
}

function joinDir(current: string, dir: string): string {
  if (dir.startsWith("/")) return dir;
  return cleanPath(`/${current}/${dir}`);
}
