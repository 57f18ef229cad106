import { join } from "node:path";
import { sha256Fields, splitDigest } from "../../../kit/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope, Ref } from "../../contract.ts";
import { fileAttributes } from "../http/attributes.ts";
import { safeName } from "../http/file-name.ts";
import { timed } from "../task.ts";
import { writeFile } from "../write-file.ts";
import { parseNamedBlob, withBlob } from "./named-blob.ts";

/**
 * `docker-image+blob://NAME@DIGEST` and `oci-layout+blob://NAME@DIGEST`: one blob as a file, called by its digest unless `http.filename` says
 * otherwise. The key is of what is said, so a blob that was here before is found again without asking anyone.
 */
export function blobSource(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  storage: Storage,
  registry: RegistryClient,
): Op<Ref, OpScope> {
  const blob = parseNamedBlob(identifier, attrs);
  const { filename, ...owner } = fileAttributes(attrs);
  const { algorithm, hex } = splitDigest(blob.digest);
  const name = filename === "" ? hex : safeName(filename);
  const key = sha256Fields("blob", blob.digest, name, ...[owner.mode, owner.uid, owner.gid].map(String));
  return {
    recipe: async () => ({ digest: key, content: [], storable: true, found: blob.digest }),
    execute: async (_, scope) => {
      const description = `blob ${blob.name}`;
      const made = () =>
        withBlob(blob, registry, scope, async (bytes) => {
          await using snapshot = await storage.snapshots.prepare(undefined);
          const { folder, files } = snapshot.changes;
          await writeFile(join(folder, name), files, bytes, { ...owner, seconds: 0 }, algorithm);
          return snapshot.commit({ description });
        });
      const { id } = await timed(`downloading ${blob.name}`, scope, made);
      return [{ kind: "snapshot", id }];
    },
  };
}
