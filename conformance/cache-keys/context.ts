import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lsetxattr } from "../../src/sys/index.ts";

const files: Readonly<Record<string, string>> = {
  "a.txt": "a",
  "b.txt": "bb",
  "run.sh": "#!/bin/sh\necho hi\n",
  // More than is read in one go.
  "big.bin": "0123456789".repeat(300_000),
  "dir/x.go": "x",
  "dir/y.txt": "y",
  "dir/été.txt": "u",
  "dir/sub/z.go": "z",
  "dir/sub/deep/w.txt": "w",
  // Sorts before what is in `dir`, when a slash is taken for what it is.
  "dir-x": "dashed",
  ".hidden": "h",
  empty: "",
};

/** The build context that the captures were made with: modes, links and attributes that digests tell of. */
export function writeContext(folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o644);
  }
  mkdirSync(join(folder, "empty-dir"));
  for (const name of ["dir", "dir/sub/deep", "empty-dir"]) chmodSync(join(folder, name), 0o755);
  chmodSync(join(folder, "run.sh"), 0o755);
  chmodSync(join(folder, "dir/sub"), 0o2700);
  chmodSync(join(folder, "b.txt"), 0o4755);
  symlinkSync("a.txt", join(folder, "link"));
  symlinkSync("dir", join(folder, "dlink"));
  symlinkSync("/dir/x.go", join(folder, "dir/abs"));
  linkSync(join(folder, "a.txt"), join(folder, "hard"));
  lsetxattr(join(folder, "a.txt"), "user.golden", Buffer.from("val"));
}
