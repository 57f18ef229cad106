export { createRegistryClient, type RegistryClientOptions, receiveBlob } from "./client.ts";
export type * from "./contract.ts";
export { connectionError, type FailureDetails, failureOf } from "./failure.ts";
export { redact } from "./redact.ts";
export { requestToken, type TokenRequest, type TokenSurroundings } from "./request-token.ts";
