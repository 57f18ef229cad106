/** What `bin/buildctl` starts. */
import { loadMain } from "./load-main.ts";

void loadMain().then(({ runCommand }) => runCommand("buildctl"));
