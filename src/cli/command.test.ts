import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Command, runWith } from "./command.ts";
import { recordingIo } from "./testing/io.ts";

async function run(command: Command, ...argv: string[]) {
  const { io, recorded } = recordingIo();
  return { exit: await runWith(command, argv, io), ...recorded };
}

test("--version is upstream's line", async () => {
  const file = join(import.meta.dirname, "../../conformance/cli/help/buildctl-version.txt");
  expect(await run("buildctl", "--version")).toEqual({ exit: 0, stdout: readFileSync(file, "utf8"), stderr: "" });
});

test("BUILDKIT_HOST is the default address that the help shows", async () => {
  const { io, recorded } = recordingIo({ env: { BUILDKIT_HOST: "tcp://builder:1234" } });
  await runWith("buildctl", ["--help"], io);
  expect(recorded.stdout).toContain('buildkitd address (default: "tcp://builder:1234")');
});

test("what is not there yet says so", async () => {
  expect((await run("buildctl", "debug", "get", "x")).stderr).toBe("error: buildctl debug get is not supported yet\n");
  expect((await run("buildctl-daemonless.sh", "du")).stderr).toBe("error: buildctl du is not supported yet\n");
  expect((await run("buildctl-daemonless.sh", "debug", "workers")).exit).toBe(1);
});
