import { expect, test } from "vitest";
import { filesync, type GrpcClient } from "../grpc/index.ts";
import { quietScope } from "../kit/index.ts";
import { type LendFolder, remoteSession } from "./remote-session.ts";

test("a folder that is lent when its build is over already is given back at once", async () => {
  const lending = Promise.withResolvers<Awaited<ReturnType<LendFolder>>>();
  let returned = 0;
  const folder = {
    path: "/nowhere",
    [Symbol.dispose]: () => {
      returned++;
    },
  };
  const methods = new Set([filesync.FileSyncService.DiffCopy.path.toLowerCase()]);
  // Nobody is to be asked any more.
  const client = {} as GrpcClient;
  const session = remoteSession({ id: "s", sharedKey: "k", methods, client }, () => lending.promise);
  const wanted = { include: [], exclude: [], follow: [], sharedKeyHint: "h" };
  const arriving = session.localDirectory("context", quietScope, wanted);
  arriving.catch(() => {});
  await session[Symbol.asyncDispose]();
  lending.resolve(folder);
  await expect(arriving).rejects.toThrow("context canceled");
  expect(returned).toBe(1);
});
