/** What `bin/cooper` starts. */
import { loadMain } from "./load-main.ts";

void loadMain().then(({ runCooper }) => runCooper());
