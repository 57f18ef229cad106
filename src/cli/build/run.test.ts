/** The `build` verb whole, on an engine that records what it is asked and does what a test tells it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BuildRequest, BuildResponse, EngineOptions, OpenEngine, SolveStatus } from "../../client/index.ts";
import { bytesOf, CooperError } from "../../kit/index.ts";
import { runWith } from "../command.ts";
import { recordingIo } from "../testing/io.ts";

type Work = (context: {
  request: BuildRequest;
  session: Parameters<Awaited<ReturnType<OpenEngine>>["build"]>[1];
  onStatus: (status: SolveStatus) => void;
  signal: AbortSignal;
}) => Promise<BuildResponse>;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-build-"));
  mkdirSync(join(folder, "ctx"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nothing: BuildResponse = { exporterResponse: {} };

/** Runs `build` with a Dockerfile frontend and these words. */
async function build(words: readonly string[], work: Work, env: NodeJS.ProcessEnv = {}) {
  const asked: { request?: BuildRequest; options?: EngineOptions; closed: number } = { closed: 0 };
  const openEngine: OpenEngine = async (options, scope) => ({
    async build(request, session, onStatus) {
      asked.request = request;
      asked.options = options;
      return work({ request, session, onStatus, signal: scope.signal });
    },
    async [Symbol.asyncDispose]() {
      asked.closed++;
    },
  });
  const { io, recorded } = recordingIo({ cwd: folder, env: { ...env, BUILDKITD_FLAGS: "--config=/nonexistent" } });
  const argv = ["build", "--frontend=dockerfile.v0", "--local", "context=ctx", "--local", "dockerfile=ctx", ...words];
  const exit = await runWith("buildctl-daemonless.sh", argv, io, openEngine);
  return { exit, ...recorded, ...asked };
}

test("the request says what the command line says", async () => {
  const words =
    "--opt filename=D --opt target=t --opt build-arg:A=1 --opt build-arg:HOME --opt build-arg:UNSET --no-cache --allow network.host";
  const { exit, request, closed } = await build(words.split(" "), async () => nothing, { SOURCE_DATE_EPOCH: "7" });
  expect(exit).toBe(0);
  expect(closed).toBe(1);
  expect(request).toMatchObject({
    frontend: "dockerfile.v0",
    frontendOptions: {
      filename: "D",
      target: "t",
      "build-arg:A": "1",
      "build-arg:HOME": "/nonexistent",
      "build-arg:SOURCE_DATE_EPOCH": "7",
      "no-cache": "",
    },
    exporters: [],
    entitlements: ["network.host"],
  });
  expect(request?.frontendOptions).not.toHaveProperty("build-arg:UNSET");
  expect(request?.ref).toMatch(/^[a-z][a-z0-9]{24}$/);
});

test("the exporters write where --output says", async () => {
  const words = ["-o", `type=oci,"name=a,b",dest=out.tar`, "-o", "type=local,dest=tree", "--output=type=tar,dest=-"];
  const { exit, request, stdout, stderr } = await build(words, async ({ session }) => {
    const scope = { signal: new AbortController().signal, log: () => {} };
    const [file, directory, stream] = [session.output(0), session.output(1), session.output(2)];
    expect(directory).toEqual({ kind: "directory", path: join(folder, "tree") });
    if (file.kind === "stream") await file.write(bytesOf("image"), {}, scope);
    if (stream.kind === "stream") await stream.write(bytesOf("rootfs"), {}, scope);
    return nothing;
  });
  expect(exit).toBe(0);
  expect(request?.exporters).toEqual([
    { type: "oci", attrs: { name: "a,b" } },
    { type: "local", attrs: {} },
    { type: "tar", attrs: {} },
  ]);
  expect(readFileSync(join(folder, "out.tar"), "utf8")).toBe("image");
  expect(stdout).toBe("rootfs");
  expect(stderr).toContain("note: type=tar writes the root file system, which is no image");
});

test("a failed build prints the progress, the excerpt, the error and the hint, and exits 1", async () => {
  const started = new Date();
  const vertex = { digest: "sha256:a", name: "[1/1] RUN x", started } as const;
  const details = {
    kind: "source",
    source: { filename: "Dockerfile", data: Buffer.from("RUN x"), language: "Dockerfile" },
    ranges: [{ start: { line: 1, character: 0 }, end: { line: 1, character: 5 } }],
  };
  const { exit, stderr, closed } = await build(["--progress=plain"], async ({ onStatus }) => {
    onStatus({ vertexes: [vertex] });
    onStatus({ vertexes: [{ ...vertex, completed: started, error: "exit code: 3" }] });
    throw new CooperError("ops/exit", "exit code: 3", { details, hint: "look above" });
  });
  expect(exit).toBe(1);
  expect(closed).toBe(1);
  expect(stderr).toBe(
    [
      "#1 [1/1] RUN x",
      "#1 ERROR: exit code: 3",
      "------",
      " > [1/1] RUN x:",
      "------",
      "Dockerfile:1",
      "--------------------",
      "   1 | >>> RUN x",
      "--------------------",
      "error: failed to solve: exit code: 3",
      "hint: look above",
      "",
    ].join("\n"),
  );
});

test("--metadata-file has the exporters' response, objects as objects, and nothing when nothing was exported", async () => {
  const descriptor = '{"mediaType":"m","digest":"sha256:d","size":3,"annotations":{"a":"<b>"}}';
  const path = join(folder, "md.json");
  await build(["--metadata-file=md.json"], async () => nothing);
  expect(existsSync(path)).toBe(false);
  await build(["--metadata-file=md.json"], async () => ({
    exporterResponse: {
      "image.name": "abcd",
      "containerimage.descriptor": Buffer.from(descriptor).toString("base64"),
      "containerimage.digest": "sha256:d",
    },
  }));
  expect(readFileSync(path, "utf8")).toBe(
    `{
  "containerimage.descriptor": {
    "mediaType": "m",
    "digest": "sha256:d",
    "size": 3,
    "annotations": {
      "a": "\\u003cb\\u003e"
    }
  },
  "containerimage.digest": "sha256:d",
  "image.name": "abcd"
}`,
  );
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s that comes when all is built leaves the metadata to be written",
  async (signal) => {
    const before = process.listenerCount(signal);
    let heard = -1;
    const { exit } = await build(["--metadata-file=md.json"], async () => ({
      // Asked for when the metadata is written.
      get exporterResponse() {
        if (heard >= 0) return { "image.name": "abcd" };
        heard = process.listenerCount(signal);
        process.emit(signal, signal);
        return { "image.name": "abcd" };
      },
    }));
    expect({ exit, heard }).toEqual({ exit: 0, heard: before + 1 });
    expect(process.listenerCount(signal)).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(["ctx", "md.json"]);
  },
);

test("a metadata file that cannot be written is an error, an empty response is not", async () => {
  const bad = "--metadata-file=/nonexistent/dir/md.json";
  expect((await build([bad], async () => nothing)).exit).toBe(0);
  const failed = await build([bad], async () => ({ exporterResponse: { a: "b" } }));
  expect(failed.exit).toBe(1);
  expect(failed.stderr).toContain("error: cannot write metadata file /nonexistent/dir/md.json: ");
});

test("--ref-file, --trace and --debug-json-cache-metrics record the build", async () => {
  const started = new Date(0);
  const vertex = { digest: "sha256:a", name: "[1/1] RUN <x>", started, completed: started } as const;
  const words = ["--ref-file=ref", "--trace=trace", "--debug-json-cache-metrics=stdout", "--progress=quiet"];
  const { request, stdout, stderr } = await build(words, async ({ onStatus }) => {
    onStatus({ vertexes: [vertex] });
    return nothing;
  });
  expect(stderr).toBe("");
  expect(readFileSync(join(folder, "ref"), "utf8")).toBe(request?.ref);
  const line = `{"vertexes":[{"digest":"sha256:a","name":"[1/1] RUN \\u003cx\\u003e","started":"1970-01-01T00:00:00Z","completed":"1970-01-01T00:00:00Z"}]}\n`;
  expect(readFileSync(join(folder, "trace"), "utf8")).toBe(line);
  expect(stdout.replace(/"client_duration_ms":\d+/, "")).toBe(
    'cache miss: [1/1] RUN <x>\n{"total":1,"completed":1,"user_total":1,"user_cached":0,"user_completed":1,"user_cacheable":1,"from":0,"miss":1,}\n',
  );
});

test("a signal ends the build, which settles, and exits 1; the second build is not touched by the first one's signal", async () => {
  const steps: string[] = [];
  const { exit, stderr, closed } = await build([], async ({ signal }) => {
    const ended = new Promise<void>((done) => signal.addEventListener("abort", () => done()));
    process.emit("SIGTERM", "SIGTERM");
    await ended;
    steps.push("settled");
    throw signal.reason;
  });
  expect(steps).toEqual(["settled"]);
  expect({ exit, closed }).toEqual({ exit: 1, closed: 1 });
  expect(stderr).toContain("error: failed to solve: Canceled: context canceled\n");
  expect(process.listenerCount("SIGTERM")).toBe(0);
  expect((await build([], async () => nothing)).exit).toBe(0);
});

test("a question to the frontend prints its answer; call=check exits with what was found", async () => {
  const answers = new Map([
    ["result.txt", Buffer.from("one warning\n")],
    ["result.json", Buffer.from('{"warnings":[]}')],
    ["result.statuscode", Buffer.from("1")],
  ]);
  const answering: Work = async () => ({ exporterResponse: {}, frontendMetadata: answers });
  const upstreams = await build(["--opt", "requestid=frontend.lint"], answering);
  expect(upstreams).toMatchObject({ exit: 0, stdout: "one warning\n" });
  expect(upstreams.request?.frontendOptions).toEqual({
    requestid: "frontend.lint",
    "frontend.caps": "moby.buildkit.frontend.subrequests",
  });
  const check = await build(["--opt", "call=check,format=json"], answering);
  expect(check).toMatchObject({ exit: 1, stdout: '{"warnings":[]}' });
  expect(check.request?.frontendOptions.requestid).toBe("frontend.lint");
  const typo = await build(["--opt", "call=chekc"], answering);
  expect(typo.stderr).toBe('error: invalid opt: unknown call "chekc"\nhint: did you mean check?\n');
});

test("logins that cannot be read, and files of unknown keys, are warnings above the progress", async () => {
  writeFileSync(join(folder, "config.json"), "{ broken");
  const scope = { signal: new AbortController().signal, log: () => {} };
  const { stderr, exit } = await build(
    [],
    async ({ session }) => {
      await session.registryCredentials("example.com", scope);
      return nothing;
    },
    { DOCKER_CONFIG: folder },
  );
  expect(exit).toBe(0);
  expect(stderr).toBe(`WARNING: Error parsing config file (${join(folder, "config.json")}): it is no valid JSON\n`);
});

test("writing an image to a terminal is refused", async () => {
  const { io, recorded } = recordingIo({ cwd: folder, stdoutIsTerminal: true });
  const exit = await runWith("buildctl-daemonless.sh", ["build", "--frontend=x", "-o", "type=oci"], io);
  expect(exit).toBe(1);
  expect(recorded.stderr).toBe(
    "error: invalid output option: output: output file is required for oci exporter. refusing to write to console\n",
  );
});
