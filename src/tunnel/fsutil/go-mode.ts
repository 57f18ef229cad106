export { fromGoMode, toGoMode } from "../../grpc/index.ts";
