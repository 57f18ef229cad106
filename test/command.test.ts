/** The command as it is installed: launcher, bundle, terminal, logins, secrets. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DockerRegistry } from "../src/registry/testing/index.ts";
import { startRegistry, type TestRegistry } from "./support/registry.ts";
import { serve } from "./support/serve.ts";

const project = resolve(import.meta.dirname, "..");
let registry: TestRegistry;
let folder = "";

beforeAll(async () => {
  // Bundles what has changed, when it has.
  execFileSync("sh", ["tools/setup.sh", "run"], { cwd: project, stdio: "ignore" });
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-command-"));
  for (const name of ["src", "tmp"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "buildkitd.toml"), `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n`);
});
afterEach(() => {
  expect(readFileSync("/proc/self/mountinfo").toString()).not.toContain(folder);
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell line in src/, with the commands in PATH, as a pipeline's step would. */
async function shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const child = promisify(execFile)("sh", ["-ec", line], {
    cwd: join(folder, "src"),
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: `${project}/bin:${process.env.PATH}`,
      HOME: folder,
      TMPDIR: join(folder, "tmp"),
      BUILDKITD_FLAGS: `--root ${folder}/root --config ${folder}/buildkitd.toml`,
      ...env,
    },
  });
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}
const dockerfile = (text: string) => writeFileSync(join(folder, "src/Dockerfile"), text);
const build = "buildctl-daemonless.sh build --frontend dockerfile.v0 --local context=. --local dockerfile=.";

describe("the commands of the pipeline page, word for word", () => {
  beforeEach(() => {
    dockerfile(
      "FROM busybox AS test-lint\nARG NODE_ENV\nARG VERSION\nRUN echo linted $NODE_ENV $VERSION > /lint\nFROM test-lint AS production\nRUN echo made > /made\n",
    );
  });

  test("a target, with plain progress", async () => {
    const { code, stderr } = await shell(`buildctl-daemonless.sh build \\
  --frontend dockerfile.v0 \\
  --local context=. \\
  --local dockerfile=. \\
  --opt filename=Dockerfile \\
  --opt target=test-lint \\
  --progress=plain`);
    expect(code).toBe(0);
    expect(stderr).toContain("[test-lint 2/2] RUN echo linted");
    expect(stderr).not.toContain("echo made");
  });

  test("build arguments, a tar file, and --debug last", async () => {
    const line = `${build} --opt build-arg:NODE_ENV=production --opt build-arg:VERSION=$BUILDKITE_BUILD_NUMBER \\
      --output type=tar,dest=image.tar --progress=plain --debug`;
    const { code, stderr } = await shell(line, { BUILDKITE_BUILD_NUMBER: "17" });
    expect(code).toBe(0);
    expect(stderr).toContain("note: type=tar writes the root file system");
    const text = execFileSync("tar", ["-xOf", join(folder, "src/image.tar"), "lint"], { encoding: "utf8" });
    expect(text).toBe("linted production 17\n");
  });

  test("pushing to a registry, with a login", async () => {
    await using guarded = await DockerRegistry.start({ basicAuth: true });
    const output = `--output type=image,name=${guarded.host}/team/image:17,push=true,registry.insecure=true`;
    const refused = await shell(`${build} ${output}`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/error: failed to solve: failed to push .*401 Unauthorized/);
    const auth = Buffer.from("user:pass").toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [guarded.host]: { auth } } }));
    const pushed = await shell(`${build} ${output} --metadata-file md.json`, { DOCKER_CONFIG: folder });
    expect(pushed.stderr).toContain("pushing manifest for");
    const metadata = JSON.parse(readFileSync(join(folder, "src/md.json"), "utf8"));
    const image = `docker://${guarded.host}/team/image:17`;
    const seen = execFileSync("skopeo", ["inspect", "--tls-verify=false", "--creds=user:pass", image]);
    expect(JSON.parse(seen.toString()).Digest).toBe(metadata["containerimage.digest"]);
  });
});

test("an image on standard output is the image, and nothing else", async () => {
  dockerfile("FROM scratch\nCOPY Dockerfile /\n");
  const { code } = await shell(
    `${build} --output type=oci,dest=- > image.tar && ${build} --output type=docker > docker.tar`,
  );
  expect(code).toBe(0);
  for (const image of ["oci-archive:image.tar", "docker-archive:docker.tar"]) {
    const seen = execFileSync("skopeo", ["inspect", image], { cwd: join(folder, "src") });
    expect(JSON.parse(seen.toString()).Layers).toHaveLength(1);
  }
});

test("LLB from standard input is built without a frontend", async () => {
  // Makes /d/f with "x", and copies *.txt of the directory "context" to /c; marshalled by upstream's client library.
  writeFileSync(join(folder, "src/a.txt"), "a\n");
  writeFileSync(join(folder, "src/b.md"), "b\n");
  const llb = join(project, "conformance/cli/definition.llb");
  const command = `buildctl-daemonless.sh build --local context=. --output type=local,dest=../out < ${llb}`;
  const { code, stderr } = await shell(command);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "out/d/f"), "utf8")).toBe("x");
  expect(readdirSync(join(folder, "out/c"))).toEqual(["a.txt"]);
});

test("secrets and an ssh agent reach the step that asks for them, and nothing keeps them", async () => {
  dockerfile(
    [
      "FROM busybox",
      'RUN --mount=type=secret,id=file --mount=type=secret,id=env,env=TOKEN echo "$(cat /run/secrets/file) $TOKEN" | sha256sum > /sum',
      "RUN --mount=type=ssh test -S $SSH_AUTH_SOCK",
    ].join("\n"),
  );
  writeFileSync(join(folder, "secret"), "hunter2");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
  const offers = "--secret id=file,src=../secret --secret id=env,env=MY_TOKEN --ssh default=../key";
  const { code, stderr } = await shell(`${build} ${offers} --output type=tar,dest=out.tar`, { MY_TOKEN: "s3cr3t" });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const sum = execFileSync("tar", ["-xOf", join(folder, "src/out.tar"), "sum"], { encoding: "utf8" });
  expect(sum.split(" ")[0]).toBe(createHash("sha256").update("hunter2 s3cr3t\n").digest("hex"));
  const grep = await shell(`grep -rlE 'hunter2|s3cr3t' ../root ../src || true`);
  expect(grep.stdout).toBe("");
});

describe("on a terminal", () => {
  /** Runs a line on a pseudo terminal of 100 columns; everything it prints comes back, and `onText` gets all that there is meanwhile. */
  function onTerminal(
    line: string,
    onText: (screen: string) => void = () => {},
  ): Promise<{ code: number | null; screen: string }> {
    const wrapped = `stty cols 100 rows 30; ${line}`;
    const child = spawn("script", ["-qefc", wrapped, "/dev/null"], {
      cwd: join(folder, "src"),
      env: {
        PATH: `${project}/bin:${process.env.PATH}`,
        HOME: folder,
        TMPDIR: join(folder, "tmp"),
        TERM: "xterm",
        BUILDKITD_FLAGS: `--root ${folder}/root --config ${folder}/buildkitd.toml`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let screen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      screen += chunk.toString();
      onText(screen);
    });
    return new Promise((done) => child.on("close", (code) => done({ code, screen })));
  }

  test("the picture is redrawn, and shows the output of the running step", async () => {
    // The step goes on when its output has been seen, in whatever time that takes.
    const seen = Promise.withResolvers<void>();
    await using gate = await serve((_request, _body, response) => seen.promise.then(() => void response.end()));
    dockerfile(`FROM busybox\nRUN echo hello from the step; wget -q -O- ${gate.url}\n`);
    const framesOf = (screen: string) => screen.split("\u001b[?25l");
    const { code, screen } = await onTerminal(build, (text) => {
      if (text.includes(" => => # hello from the step") && framesOf(text).length > 3) seen.resolve();
    });
    expect(code).toBe(0);
    expect(screen).toContain(" => => # hello from the step");
    const last = framesOf(screen).at(-1);
    expect(last).toMatch(/\[\+\] Building \d+\.\ds \((\d+)\/\1\) FINISHED/);
    expect(last).toMatch(/ => \[2\/2\] RUN echo hello from the step; wget -q -O- http:\S+ +\d+\.\ds/);
  });

  test("an image is not written to it", async () => {
    dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    const { code, screen } = await onTerminal(`${build} --output type=oci`);
    expect(code).toBe(1);
    expect(screen).toContain("output file is required for oci exporter. refusing to write to console");
  });
});

test("nothing half-written is left when a build fails", async () => {
  dockerfile("FROM busybox\nRUN exit 9\n");
  const outputs = "--output type=oci,dest=image.tar --output type=local,dest=tree --metadata-file md.json";
  const { code, stderr } = await shell(`${build} ${outputs}`);
  expect(code).toBe(1);
  expect(stderr).toContain("did not complete successfully: exit code: 9\n");
  expect(readdirSync(join(folder, "src"))).toEqual(["Dockerfile"]);
  expect(existsSync(join(folder, "root"))).toBe(true);
});
