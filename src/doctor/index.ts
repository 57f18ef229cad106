export type * from "./contract.ts";
export { diagnose } from "./diagnose.ts";
export { reportText } from "./report-text.ts";
