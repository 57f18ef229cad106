/** What `bin/buildctl` starts. */
import { useCompileCache } from "./compile-cache.ts";

useCompileCache();
const { runCommand } = await import("../index.ts");
await runCommand("buildctl");
