import { type Digest, sha256 } from "../../kit/index.ts";

/** The digest that a cache has of one output of an op, by the op's own. */
export function recordDigest(op: Digest, output: number): Digest {
  return sha256(`${op}@${output}`);
}

/** The digest that a cache has of content which stands for an input. */
export function contentDigest(content: Digest): Digest {
  return recordDigest(content, -1);
}
