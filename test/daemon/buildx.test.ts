/** A client that upstream built, against our daemon: docker-buildx with its remote driver. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { quietScope } from "../../src/kit/index.ts";
import { fetchBuildx } from "../support/buildx.ts";
import { plainEngine } from "../support/plain-engine.ts";

const client = fetchBuildx();
const withClient = client === undefined ? test.skip : test;
/** Older ones do not know the verb. */
const withHistory =
  client !== undefined && /^ +history /m.test(spawnSync(client, ["--help"]).stdout.toString()) ? test : test.skip;
let folder = "";
let daemon: Daemon;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-buildx-"));
  mkdirSync(join(folder, "context/dir"), { recursive: true });
  writeFileSync(join(folder, "context/a.txt"), "alpha");
  writeFileSync(join(folder, "context/dir/big"), Buffer.alloc(2_000_000, 1));
  cpSync("/usr/bin/busybox", join(folder, "context/busybox"));
  const engine = plainEngine(join(folder, "root"));
  daemon = await startDaemon({ addresses: [`unix://${folder}/sock`], engine, labels: {} }, quietScope);
  if (client !== undefined) await buildx("create", "--name", "cooper", "--driver", "remote", `unix://${folder}/sock`);
});
afterAll(async () => {
  await daemon.shutDown(0);
  rmSync(folder, { recursive: true, force: true });
});

async function buildx(...args: string[]) {
  const { spawn } = await import("node:child_process");
  const env = { PATH: process.env.PATH, HOME: folder, BUILDX_CONFIG: join(folder, "buildx"), BUILDX_BUILDER: "cooper" };
  const child = spawn(client ?? "", args, {
    env: args[0] === "create" ? { ...env, BUILDX_BUILDER: "" } : env,
    cwd: folder,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exit = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exit, output };
}
const dockerfile = (...lines: string[]) => writeFileSync(join(folder, "context/Dockerfile"), `${lines.join("\n")}\n`);
const build = (...args: string[]) => buildx("build", "--progress=plain", ...args, "context");

withClient("inspect shows the worker", async () => {
  const { output } = await buildx("inspect");
  expect(output).toMatch(/Status:\s+running/);
  expect(output).toMatch(/Platforms:\s+linux\//);
});

withClient("build writes an archive and a folder", async () => {
  dockerfile("FROM scratch AS one", "COPY a.txt /", "FROM scratch", "COPY dir /all/", "COPY --from=one /a.txt /b");
  const { exit, output } = await build("--output", "type=oci,dest=image.tar", "--metadata-file", "meta.json");
  expect(output).toContain("exporting manifest sha256:");
  expect(exit).toBe(0);
  expect(spawnSync("tar", ["-tf", join(folder, "image.tar")]).stdout.toString()).toContain("oci-layout");
  expect(JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"))["containerimage.digest"]).toMatch(/^sha256:/);
  expect((await build("--output", "out")).exit).toBe(0);
  expect(readdirSync(join(folder, "out")).sort()).toEqual(["all", "b"]);
});

withClient("a step gets the caller's secret, and the failed one is shown in the Dockerfile", async () => {
  writeFileSync(join(folder, "token"), "t0ken");
  dockerfile(
    "FROM scratch",
    "COPY busybox /bin/sh",
    "RUN --mount=type=secret,id=tok,required read -r X < /run/secrets/tok; echo got $X",
    "RUN exit 3",
  );
  const { exit, output } = await build("--secret", "id=tok,src=token");
  expect(output).toContain("got t0ken");
  expect(output).toContain("   4 | >>> RUN exit 3");
  expect(output).toContain('failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3');
  expect(exit).toBe(1);
});

withClient("bake builds a target on another one's result", async () => {
  dockerfile("FROM scratch", "COPY a.txt /first");
  const bake = `target "default" {
  context = "context"
}
target "two" {
  context = "context"
  contexts = { base = "target:default" }
  dockerfile-inline = "FROM base\\nCOPY a.txt /second"
  output = ["type=local,dest=baked"]
}
`;
  writeFileSync(join(folder, "docker-bake.hcl"), bake);
  const { exit, output } = await buildx("bake", "--progress=plain", "two");
  expect(exit, output).toBe(0);
  expect(readdirSync(join(folder, "baked")).sort()).toEqual(["first", "second"]);
});

withHistory("history shows a build again: its list, its steps, its log, its trace, and a bundle of it", async () => {
  dockerfile("FROM scratch", "ARG WHO", "COPY a.txt /history");
  await build("--build-arg", "WHO=me", "--output", "type=oci,dest=image.tar");
  const list = await buildx("history", "ls", "--format", "{{.Name}} {{.Status}}");
  expect(list.output.split("\n")[0]).toBe("context Completed");
  const inspected = await buildx("history", "inspect");
  expect(inspected.exit, inspected.output).toBe(0);
  expect(inspected.output).toMatch(/^Context:\t+context$/m);
  expect(inspected.output).toMatch(/^Build Steps:\t\d+\/\d+ /m);
  expect(inspected.output).toMatch(/^WHO\t+me$/m);
  expect((await buildx("history", "logs", "--progress=plain")).output).toContain("[1/1] COPY a.txt /history");
  expect((await buildx("history", "export", "--finalize", "--output", "record.dockerbuild")).exit).toBe(0);
  const bundle = spawnSync("tar", ["-tf", join(folder, "record.dockerbuild")]).stdout.toString();
  expect(bundle.split("\n")).toEqual(expect.arrayContaining(["oci-layout", "index.json"]));
});

withHistory("history tells why a build failed, with its lines, until it is taken away", async () => {
  dockerfile("FROM scratch", "COPY busybox /bin/sh", "RUN echo said; exit 4");
  await build();
  const { output } = await buildx("history", "inspect");
  expect(output).toContain('process "/bin/sh -c echo said; exit 4" did not complete successfully: exit code: 4');
  expect(output).toContain("   3 | >>> RUN echo said; exit 4");
  const json = JSON.parse((await buildx("history", "inspect", "--format", "json")).output);
  expect(json).toMatchObject({ Status: "failed", Error: { Code: 2, Name: expect.any(String) } });
  expect((await buildx("history", "rm", "--all")).exit).toBe(0);
  expect((await buildx("history", "ls")).output.trim().split("\n")).toHaveLength(1);
  expect((await buildx("history", "inspect")).output).toContain("ERROR: no records found");
});

withClient("du lists what is there, and after prune nothing is", async () => {
  expect((await buildx("du")).output).toMatch(/Total:\s+\d+(\.\d+)?MB/);
  expect((await buildx("prune", "--all", "--force")).exit).toBe(0);
  expect((await buildx("du")).output).toMatch(/Total:\s+0B/);
});
