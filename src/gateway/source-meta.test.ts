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

test("a caller's folder or a blob is told of as it was asked for; a source that nobody knows is not", async () => {
  const attrs = { "local.sharedkeyhint": "context" };
  expect(await resolveSourceMeta(bridge, asked("local://context", attrs), quietScope)).toEqual({
    source: { identifier: "local://context", attrs: new Map(Object.entries(attrs)) },
  });
  const blob = `docker-image+blob://r.example/b@sha256:${"1".repeat(64)}`;
  expect(await resolveSourceMeta(bridge, asked(blob), quietScope)).toEqual({
    source: { identifier: blob, attrs: new Map() },
  });
  await expect(resolveSourceMeta(bridge, asked("nowhere://x"), quietScope)).rejects.toThrow(
    "cannot resolve metadata of nowhere://x",
  );
});

test("a checksum of a file and bytes after it is asked for with upstream's limits", async () => {
  const wishes: unknown[] = [];
  const answering = {
    ...bridge,
    resolveSourceMeta: async (identifier: string, _: unknown, options: { httpChecksum?: unknown }) => {
      wishes.push(options.httpChecksum);
      return { identifier, http: { checksum: "sha256:1", filename: "f" } };
    },
  } as unknown as FrontendBridge;
  const ask = (algo: number, suffix: Uint8Array) =>
    resolveSourceMeta(answering, { ...asked("https://x/f"), http: { checksumRequest: { algo, suffix } } }, quietScope);
  await ask(2, Buffer.from([1, 2]));
  expect(wishes).toEqual([{ algorithm: "sha512", suffix: Buffer.from([1, 2]) }]);
  await expect(ask(0, new Uint8Array(4097))).rejects.toThrow("http checksum request suffix exceeds max size 4096");
  await expect(ask(99, new Uint8Array())).rejects.toThrow("unsupported checksum algorithm 99");
});
