export { errorStatus } from "../grpc/index.ts";
