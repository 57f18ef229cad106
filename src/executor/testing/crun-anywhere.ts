import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A program in `folder` that runs crun, which refuses the hybrid cgroup layout: without the unified tree, in a mount namespace of its own, it
 * works on such machines too.
 */
export function crunAnywhere(folder: string): string {
  const script = join(folder, "crun");
  const inner = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"';
  writeFileSync(script, `#!/bin/sh\nexec unshare -m sh -c '${inner}' crun "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}
