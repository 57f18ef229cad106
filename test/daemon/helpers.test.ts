/** Ways to a daemon that lead through another program, and everything that `buildctl` asks one. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { quietScope } from "../../src/kit/index.ts";
import { bundled } from "../support/bundle.ts";
import { plainEngine } from "../support/plain-engine.ts";
import { spawnAsync } from "../support/spawn-async.ts";

let folder = "";
let daemon: Daemon;
const address = () => `unix://${join(folder, "sock")}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-helpers-"));
  for (const name of ["bin", "context"]) mkdirSync(join(folder, name));
  const engine = plainEngine(join(folder, "root"));
  daemon = await startDaemon({ addresses: [address()], engine, labels: {} }, quietScope);
  // Each fake leaves its own words away and runs what it would run elsewhere.
  for (const program of ["docker", "podman", "nerdctl", "kubectl", "ssh"]) {
    const path = join(folder, "bin", program);
    const buildctl = `BUILDKIT_HOST=${address()} exec ${process.execPath} ${bundled("buildctl")}`;
    const skip = 'while [ "$1" != buildctl ]; do shift; done; shift';
    writeFileSync(path, `#!/bin/sh\necho "${program} $*" >> ${folder}/calls\n${skip}\n${buildctl} "$@"\n`);
    chmodSync(path, 0o755);
  }
  writeFileSync(join(folder, "bin/broken"), "");
  writeFileSync(join(folder, "context/Dockerfile"), "FROM scratch\nCOPY big /\n");
  writeFileSync(join(folder, "context/big"), Buffer.alloc(1_500_000, 3));
});
afterAll(async () => {
  await daemon.shutDown(0);
  rmSync(folder, { recursive: true, force: true });
});

function buildctl(...args: string[]) {
  const env = { PATH: `${folder}/bin:${process.env.PATH}`, HOME: folder };
  return spawnAsync(process.execPath, [bundled("buildctl"), ...args], { env, cwd: folder });
}
const build = (...args: string[]) => {
  const locals = ["--local", "context=context", "--local", "dockerfile=context"];
  return buildctl(
    ...args,
    "build",
    "--progress=plain",
    "--frontend=dockerfile.v0",
    ...locals,
    "-o",
    "type=local,dest=out",
  );
};

test.each([
  ["docker-container://b?context=c", "docker --context=c exec -i b buildctl dial-stdio"],
  ["podman-container://b", "podman exec -i b buildctl dial-stdio"],
  ["nerdctl-container://b", "nerdctl exec -i b buildctl dial-stdio"],
  ["kube-pod://p?namespace=n", "kubectl --context= --namespace=n exec --container= -i p -- buildctl dial-stdio"],
  ["ssh://me@h:7", "ssh -l me -p 7 -- h buildctl dial-stdio"],
])("a build at %s", async (place, call) => {
  rmSync(join(folder, "out"), { recursive: true, force: true });
  writeFileSync(join(folder, "calls"), "");
  const { status, stderr } = await build("--addr", place);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("DONE") });
  expect(readFileSync(join(folder, "calls"), "utf8")).toBe(`${call}\n`);
  expect(readFileSync(join(folder, "out/big")).equals(Buffer.alloc(1_500_000, 3))).toBe(true);
});

test("what the program says when it cannot is shown", async () => {
  writeFileSync(join(folder, "bin/docker"), "#!/bin/sh\necho no such container >&2\nexit 125\n");
  const { status, stderr } = await buildctl("--addr", "docker-container://gone", "du");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: failed to call diskusage: Unavailable: connection error: .*exit status 125.*stderr=no such container/,
  );
});

test("--wait waits until somebody listens, and not for ever", async () => {
  const late = `unix://${folder}/late`;
  const never = await buildctl("--addr", late, "--wait", "--timeout", "2", "debug", "info");
  expect([never.status, never.stderr]).toEqual([1, "error: failed to call info: context deadline exceeded\n"]);
  const asked = buildctl("--addr", late, "--wait", "--timeout", "60", "debug", "info");
  await new Promise((resume) => setTimeout(resume, 1500));
  const relay = spawnSync("ln", ["-s", join(folder, "sock"), join(folder, "late")]);
  expect(relay.status).toBe(0);
  expect((await asked).stdout).toMatch(/^BuildKit: {3}/);
});

test("the history of a build: listed, shown again, kept, removed", async () => {
  await build("--addr", address());
  const list = (...args: string[]) => buildctl("--addr", address(), "debug", "histories", ...args);
  const { stdout } = await list("--format", "{{.Type}} {{.Record.Ref}} {{.Record.Pinned}}");
  const [, ref = ""] = /^COMPLETE (\w{25}) false\n/.exec(stdout) ?? [];
  expect((await list()).stdout).toMatch(
    /^TYPE\t\tREF\t\t\t\tCREATED\t\t\tCOMPLETED\t\tGENERATION\tPINNED\nCOMPLETE\t\w{25}\t\d{4}-/,
  );
  const logs = await buildctl("--addr", address(), "debug", "logs", "--progress=plain", ref);
  expect(logs.stdout).toContain("[1/1] COPY big /");
  expect((await buildctl("--addr", address(), "debug", "ctl", "--pin", ref)).status).toBe(0);
  expect((await buildctl("--addr", address(), "prune-histories")).stdout).not.toContain(ref);
  expect((await list("--format", "json")).stdout).toContain(`"Ref":"${ref}"`);
  expect((await buildctl("--addr", address(), "debug", "ctl", "--delete", ref)).status).toBe(0);
  expect((await list("--format", "json")).stdout).not.toContain(ref);
});

test("without a daemon the same questions are answered by the engine", async () => {
  const env = { PATH: process.env.PATH, HOME: folder, BUILDKITD_FLAGS: `--root ${folder}/own --config ${folder}/none` };
  const ask = (...args: string[]) =>
    spawnSync(process.execPath, [bundled("buildctl-daemonless"), ...args], { env, cwd: folder, encoding: "utf8" });
  const locals = ["--local", "context=context", "--local", "dockerfile=context"];
  expect(ask("build", "--frontend=dockerfile.v0", ...locals).status).toBe(0);
  expect(ask("du", "--format", "{{len .}}").stdout).toMatch(/^[1-9]\d*\n$/);
  expect(ask("debug", "workers").stdout).toMatch(/^ID\t+PLATFORMS\n[a-z0-9]{25}\tlinux\//);
  expect(ask("prune", "--all").stdout).toMatch(/Total:\t[\d.]+.?B\n$/);
  expect(ask("du").stdout).toBe("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\nReclaimable:\t0B\nTotal:\t\t0B\n");
});
