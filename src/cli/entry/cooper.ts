/** What `bin/cooper` starts. */
import { runCooper } from "../cooper/run-cooper.ts";

void runCooper();
