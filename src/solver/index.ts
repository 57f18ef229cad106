export type * from "./contract.ts";
export { createSolver } from "./solver.ts";
