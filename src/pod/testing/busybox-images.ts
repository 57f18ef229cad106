import { chmodSync, existsSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRootfs } from "../../executor/testing/index.ts";
import type { ImageDefaults, Images } from "../contract.ts";

const moreApplets = "cut find grep nc sort";

/** Images that all are the same busybox, each time a fresh tree below `folder`. `opened` hears their names and policies. */
export function busyboxImages(folder: string, opened: string[] = [], config: Partial<ImageDefaults> = {}): Images {
  return {
    async open(name, policy) {
      opened.push(`${name} ${policy}`);
      const { path, remove } = makeBusyboxRootfs(mkdtempSync(join(folder, "image-")));
      chmodSync(path, 0o755);
      for (const applet of moreApplets.split(" ")) {
        if (!existsSync(join(path, "bin", applet))) symlinkSync("busybox", join(path, "bin", applet));
      }
      return {
        path,
        mounts: [],
        config: { env: ["PATH=/bin", "FROM_IMAGE=yes"], entrypoint: [], cmd: [], workingDir: "", user: "", ...config },
        [Symbol.asyncDispose]: async () => remove(),
      };
    },
  };
}
