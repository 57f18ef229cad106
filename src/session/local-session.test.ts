import { expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { createLocalSession, type LocalSessionOptions } from "./local-session.ts";

const nothing: LocalSessionOptions = {
  id: "s1",
  locals: {},
  secrets: [],
  ssh: [],
  outputs: [],
  ociLayouts: {},
  env: { HOME: "/nonexistent" },
  stdout: () => process.stdout,
  warn: () => {},
};

test("a directory is found by the name it was offered under", async () => {
  await using session = await createLocalSession({ ...nothing, locals: { context: "/src" } });
  expect(await session.localDirectory("context", quietScope)).toEqual({ name: "context", path: "/src" });
  await expect(session.localDirectory("other", quietScope)).rejects.toMatchObject({
    code: "session/no-local",
    message: 'no access allowed to dir "other"',
    hint: "offer it with --local other=DIRECTORY",
  });
});

test("a session that offers nothing says so", async () => {
  await using session = await createLocalSession(nothing);
  await expect(session.localDirectory("context", quietScope)).rejects.toThrow("no local sources enabled");
  expect(await session.registryCredentials("example.com", quietScope)).toEqual({ kind: "none" });
  expect(await session.secret("x", quietScope)).toBeUndefined();
  expect(await session.sshAgent("default", quietScope)).toBeUndefined();
  expect(await session.ociLayout("x")).toBeUndefined();
  expect(session.output(0)).toEqual({ kind: "none" });
});
