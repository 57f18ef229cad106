import { expect, test } from "vitest";
import { control } from "../grpc/index.ts";
import { decode, encode } from "../wire/index.ts";
import { buildRequest } from "./solve-request.ts";

const sent = (graph?: Uint8Array) => {
  const message = { ref: "r", ...(graph && { graph: { case: "definition" as const, value: graph } }) };
  return buildRequest(decode(control.SolveRequest, encode(control.SolveRequest, message)));
};

test("an empty definition is scratch, which is not the same as none: then the client is the frontend", () => {
  expect(sent(new Uint8Array()).definition).toEqual(Buffer.alloc(0));
  expect(sent(Uint8Array.of(1)).definition).toEqual(Buffer.of(1));
  expect(sent().definition).toBeUndefined();
});
