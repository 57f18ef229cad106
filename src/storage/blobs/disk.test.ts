import { mkdirSync, readdirSync } from "node:fs";
import { layoutOf, makeLayout } from "../layout.ts";
import { describeBlobStore } from "../testing/blob-store-suite.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";
import { DiskBlobs } from "./disk.ts";

const newRoot = temporaryRoots();

describeBlobStore("disk", async () => {
  const layout = layoutOf(newRoot());
  mkdirSync(layout.root);
  makeLayout(layout);
  const names = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" });
  const blobs = (path: string) => names(path).filter((name) => name.includes("/"));
  return { blobs: new DiskBlobs(layout, "me"), files: () => [...blobs(layout.blobs), ...names(layout.ingest)] };
});
