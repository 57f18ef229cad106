import type { HashTree, TreeNode } from "./tree.ts";

const root: TreeNode = {
  path: "",
  name: "",
  kind: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  device: 0n,
  certain: true,
};

/** The tree of `FROM scratch`: a root with nothing in it. */
export const emptyTree: HashTree = {
  root: () => root,
  child: () => undefined,
  children: () => [],
  linkTarget: () => "",
  place: () => undefined,
  fileDigest: () => Buffer.alloc(32),
  attributes: () => undefined,
  remember: () => {},
};
