import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError } from "../../kit/index.ts";
import type { SessionFile } from "../../llb/index.ts";
import type { Mounted, Storage } from "../../storage/index.ts";
import { MountFlag, mount, umount } from "../../sys/index.ts";
import type { OpScope } from "../contract.ts";
import { findSecret, noSecret } from "./secret-env.ts";

/**
 * A step's secrets as files in memory: a tmpfs of the step's own, made for the first one, gone with the step. Where nothing can be
 * mounted, in a folder that goes with the step.
 */
export class SecretFiles implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #inMemory: boolean;
  #folder: Mounted | undefined;
  #mounted = false;
  #count = 0;

  constructor(storage: Storage, inMemory = true) {
    this.#storage = storage;
    this.#inMemory = inMemory;
  }

  /** The file with the secret, mode and owner as asked; undefined when nobody has it and it is optional. Throws `ops/no-secret`. */
  async add(secret: SessionFile, scope: OpScope): Promise<string | undefined> {
    if (secret.id === "") throw new CooperError("ops/no-secret", "secret ID missing from mount options");
    const value = await findSecret(secret.id, scope);
    if (value === undefined && secret.optional) return undefined;
    if (value === undefined) throw noSecret(secret.id);
    const file = join(await this.#memory(), String(this.#count++));
    writeFileSync(file, value, { mode: 0o600, flag: "wx" });
    chownSync(file, secret.uid, secret.gid);
    chmodSync(file, secret.mode & 0o777);
    return file;
  }

  async #memory(): Promise<string> {
    this.#folder ??= await this.#storage.temporaryFolder("secrets");
    if (this.#inMemory && !this.#mounted) {
      mount("tmpfs", this.#folder.path, "tmpfs", MountFlag.nodev | MountFlag.nosuid, "mode=711");
      this.#mounted = true;
    }
    return this.#folder.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder === undefined) return;
    if (this.#mounted) umount(this.#folder.path, { detach: true });
    await this.#folder[Symbol.asyncDispose]();
  }
}
