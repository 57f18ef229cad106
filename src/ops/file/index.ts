export { fileOp } from "./file-op.ts";
