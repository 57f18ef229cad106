export { decode } from "./decode.ts";
export { encode } from "./encode.ts";
export * as pb from "./gen/llb.ts";
export * as sourcepolicy from "./gen/sourcepolicy.ts";
export { fieldJson, type JsonForm, toJson, valueJson } from "./json.ts";
export { type Field, field, type Init, type MessageType, type Method, method, unionCase } from "./message.ts";
