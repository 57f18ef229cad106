export { decode } from "./decode.ts";
export { encode } from "./encode.ts";
export * as pb from "./gen/llb.ts";
export type { Init, MessageType } from "./message.ts";
