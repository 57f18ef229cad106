/** What `bin/buildkitd` starts. */
import { loadMain } from "./load-main.ts";

void loadMain().then(({ runBuildkitd }) => runBuildkitd());
