export { dial, openSocket } from "./dial.ts";
export { queries } from "./queries.ts";
export { remoteEngine } from "./remote-engine.ts";
export { dateOf } from "./status.ts";
