import { dockerfileFrontend } from "../src/frontend/index.ts";
import { quietScope } from "../src/kit/index.ts";
import type { Case } from "./case.ts";
import { compareError, compareResult, type Differences } from "./compare.ts";
import { StubBridge } from "./stub-bridge.ts";

/** Converts the case's Dockerfile and tells how the result differs from what was recorded. */
export async function runCase(recorded: Case): Promise<Differences> {
  const bridge = new StubBridge(recorded);
  try {
    const result = await dockerfileFrontend.solve(bridge.request(), bridge, quietScope);
    return compareResult(recorded, result, bridge);
  } catch (error) {
    return compareError(recorded, error, bridge);
  }
}
