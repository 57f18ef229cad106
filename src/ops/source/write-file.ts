import { open, utimes } from "node:fs/promises";
import type { TreeFiles } from "../../archive/index.ts";
import { type Bytes, type Digest, type DigestAlgorithm, Hasher } from "../../kit/index.ts";

/** What becomes of a file that came from elsewhere. */
export interface FileLooks {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of its last change, since 1970. */
  readonly seconds: number;
}

/** Writes a file that is not there yet; the digest of its content. */
export async function writeFile(
  path: string,
  files: TreeFiles,
  bytes: Bytes,
  looks: FileLooks,
  algorithm: DigestAlgorithm,
): Promise<Digest> {
  const hasher = new Hasher(algorithm);
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of bytes) {
      hasher.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  files.chown(path, looks.uid, looks.gid);
  files.chmod(path, looks.mode);
  await utimes(path, looks.seconds, looks.seconds);
  return hasher.finish();
}
