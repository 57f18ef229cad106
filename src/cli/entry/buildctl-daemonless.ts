/** What `bin/buildctl-daemonless.sh` starts. */
import { useCompileCache } from "./compile-cache.ts";

useCompileCache();
const { runCommand } = await import("../index.ts");
await runCommand("buildctl-daemonless.sh");
