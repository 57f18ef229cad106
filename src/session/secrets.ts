import { readFile, stat } from "node:fs/promises";
import { CooperError, errnoOf, messageOf } from "../kit/index.ts";

/** A secret's bytes come from a file or from an environment variable; with neither given, from whichever is called like the id. */
export interface SecretSource {
  readonly id: string;
  readonly file?: string;
  readonly env?: string;
}

/** Upstream's limit for one secret, in bytes. */
const maxSecretSize = 500 * 1024;

/** Reads secrets when they are asked for. */
export type SecretStore = (id: string) => Promise<Uint8Array | undefined>;

/**
 * Checks the sources now (`session/bad-secret`: no id, no such file, too large), so that a build does not fail in its middle.
 * An environment variable that is not set is an empty secret, as upstream has it.
 */
export async function openSecrets(sources: readonly SecretSource[], env: NodeJS.ProcessEnv): Promise<SecretStore> {
  const byId = new Map<string, SecretSource>();
  for (const source of sources) {
    if (source.id === "") throw new CooperError("session/bad-secret", "secret missing ID");
    const resolved = withDefault(source, env);
    if (resolved.file !== undefined) await checkFile(resolved.id, resolved.file);
    byId.set(source.id, resolved);
  }
  return async (id) => {
    const source = byId.get(id);
    if (source === undefined) return undefined;
    const data = source.file === undefined ? Buffer.from(env[source.env ?? ""] ?? "") : await readFile(source.file);
    if (data.byteLength > maxSecretSize) throw tooLarge(id);
    return data;
  };
}

function withDefault(source: SecretSource, env: NodeJS.ProcessEnv): SecretSource {
  if (source.env) return { id: source.id, env: source.env };
  if (source.file) return { id: source.id, file: source.file };
  return env[source.id] === undefined ? { id: source.id, file: source.id } : { id: source.id, env: source.id };
}

async function checkFile(id: string, file: string): Promise<void> {
  let size: number;
  try {
    size = (await stat(file)).size;
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? "no such file or directory" : messageOf(error);
    throw new CooperError("session/bad-secret", `failed to stat ${file}: stat ${file}: ${reason}`, { cause: error });
  }
  if (size > maxSecretSize) throw tooLarge(id);
}

function tooLarge(id: string): CooperError {
  return new CooperError("session/bad-secret", `secret ${id} too big. max size ${maxSecretSize / 1024}KiB`);
}
