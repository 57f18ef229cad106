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

test.each([
  [["debug", "get"], "blob digest must be specified"],
  [["debug", "get", "x"], "invalid checksum digest format"],
  [["debug", "get", "sha256:aa"], "invalid checksum digest length"],
  [["debug", "logs"], "build ref must be specified"],
  [["debug", "ctl"], "build ref must be specified"],
  [["debug", "ctl", "ref"], "must specify one of --pin, --unpin, --delete"],
  [["debug", "ctl", "--pin", "--unpin", "ref"], "cannot specify both --pin and --unpin"],
  [["debug", "ctl", "--pin", "--delete", "ref"], "cannot specify --delete with --pin or --unpin"],
  [["debug", "dump-llb", "/nonexistent"], "open /nonexistent: no such file or directory"],
  [["--addr", "tcp://h:1", "dial-stdio"], "invalid address tcp://h:1 (expected unix://, got tcp://)"],
  [["debug", "histories", "--format", "{{"], "template: :1: unclosed action"],
])("buildctl %s is refused before anybody is asked", async (argv, sentence) => {
  const { exit, stdout, stderr } = await run("buildctl", ...argv);
  expect({ exit, stdout, stderr }).toEqual({ exit: 1, stdout: "", stderr: `error: ${sentence}\n` });
});
