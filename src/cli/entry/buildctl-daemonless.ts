/** What `bin/buildctl-daemonless.sh` starts. */
import { loadMain } from "./load-main.ts";

void loadMain().then(({ runCommand }) => runCommand("buildctl-daemonless.sh"));
