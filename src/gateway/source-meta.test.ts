import { expect, test } from "vitest";
import type { FrontendBridge } from "../frontend/index.ts";
import { gateway } from "../grpc/index.ts";
import { quietScope } from "../kit/index.ts";
import { decode, encode } from "../wire/index.ts";
import { resolveSourceMeta } from "./source-meta.ts";

const asked = (identifier: string, attrs: Record<string, string> = {}) => {
  const message = { source: { identifier, attrs: new Map(Object.entries(attrs)) } };
  return decode(gateway.ResolveSourceMetaRequest, encode(gateway.ResolveSourceMetaRequest, message));
};
const bridge = { sessionId: "s" } as unknown as FrontendBridge;

test("a caller's folder is told of as it was asked for; a source that nobody knows is not", async () => {
  const attrs = { "local.sharedkeyhint": "context" };
  expect(await resolveSourceMeta(bridge, asked("local://context", attrs), quietScope)).toEqual({
    source: { identifier: "local://context", attrs: new Map(Object.entries(attrs)) },
  });
  await expect(resolveSourceMeta(bridge, asked("nowhere://x"), quietScope)).rejects.toThrow(
    "cannot resolve metadata of nowhere://x",
  );
});
