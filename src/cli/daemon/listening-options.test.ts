import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildkitdSpec } from "../args/buildkitd-spec.ts";
import { parseCommandLine } from "../args/parse.ts";
import { daemonOptions } from "./listening-options.ts";

let folder = "";
let warnings: string[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-listening-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function options(flags: string, toml = "", env: NodeJS.ProcessEnv = {}) {
  warnings = [];
  const config = join(folder, "buildkitd.toml");
  writeFileSync(config, toml);
  const words = ["--config", config, "--root", folder, ...flags.split(" ").filter((word) => word !== "")];
  const asked = parseCommandLine(buildkitdSpec, words, env);
  if (asked.kind !== "run") throw new Error(asked.kind);
  return daemonOptions(asked.values, "/cwd", env, (sentence) => warnings.push(sentence));
}

test("without flags and file there are upstream's address and rules of garbage collection, shown for this disk", async () => {
  const { bsize, blocks } = statfsSync(folder);
  const free = (Math.floor(Math.floor((bsize * blocks * 20) / 100) / 2 ** 30) + 1) * 1e9;
  const got = await options("");
  expect(got).toMatchObject({ addresses: ["unix:///run/buildkit/buildkitd.sock"], labels: {}, grace: 15_000 });
  expect(got.log).toEqual({ format: "text", level: "info" });
  const [easy, old, any, all] = got.engine.gcPolicies ?? [];
  expect(easy).toEqual({
    all: false,
    filters: ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"],
    keepDuration: 48 * 3_600_000,
    reservedSpace: 0,
    maxUsedSpace: 512e6,
    minFreeSpace: 0,
  });
  expect(old).toMatchObject({ all: false, filters: [], keepDuration: 60 * 24 * 3_600_000, minFreeSpace: free });
  expect([any?.all, any?.keepDuration, all?.all]).toEqual([false, 0, true]);
});

test("several addresses, labels, platforms and the owner of the socket come from the file", async () => {
  const got = await options(
    "",
    `shutdownGracePeriod = "30s"
[grpc]
address = ["unix:///a", "tcp://127.0.0.1:0"]
debugAddress = "127.0.0.1:6060"
uid = 5
gid = 6
[log]
format = "json"
level = "debug"
[history]
maxAge = 3600
maxEntries = 7
[worker.oci]
platforms = ["linux/amd64", "linux/arm/v7"]
[worker.oci.labels]
foo = "bar"
`,
  );
  expect(got).toMatchObject({
    addresses: ["unix:///a", "tcp://127.0.0.1:0"],
    debugAddress: "127.0.0.1:6060",
    uid: 5,
    gid: 6,
    labels: { foo: "bar" },
    platforms: [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm", variant: "v7" },
    ],
    history: { maxAge: 3_600_000, maxEntries: 7 },
    log: { format: "json", level: "debug" },
    grace: 30_000,
    engine: { debug: true },
  });
  expect(warnings).toEqual([
    "TLS is not enabled for tcp://127.0.0.1:0. enabling mutual TLS authentication is highly recommended",
  ]);
});

test("flags win over the file", async () => {
  const flags =
    "--addr unix:///b --oci-worker-labels foo=baz --oci-worker-labels x= --oci-worker-platform linux/s390x --log-level warn --debugaddr :1";
  const toml = `debug = true\n[grpc]\naddress = ["unix:///a"]\n[worker.oci]\nplatforms = ["linux/amd64"]\nlabels = { foo = "bar", y = "z" }\n`;
  const got = await options(flags, toml, { BUILDKITD_SHUTDOWN_GRACE_PERIOD: "2" });
  expect(got).toMatchObject({
    addresses: ["unix:///b"],
    labels: { foo: "baz", x: "", y: "z" },
    platforms: [{ architecture: "s390x" }],
    log: { level: "warning" },
    debugAddress: ":1",
    grace: 2000,
  });
  expect(warnings).toEqual([`'debug' configuration option is deprecated, use 'log.level = "debug"' instead`]);
});

test("rules of garbage collection are read with their units", async () => {
  const { bsize, blocks } = statfsSync(folder);
  const got = await options(
    "",
    `[[worker.oci.gcpolicy]]
keepBytes = 1000
keepDuration = "48h"
filters = ["type==source.local"]
[[worker.oci.gcpolicy]]
all = true
reservedSpace = "512MB"
maxUsedSpace = "1.5GB"
minFreeSpace = "10%"
keepDuration = 60
`,
  );
  const tenth = (Math.floor(Math.floor((bsize * blocks * 10) / 100) / 2 ** 30) + 1) * 1e9;
  expect(got.engine.gcPolicies).toEqual([
    {
      all: false,
      filters: ["type==source.local"],
      keepDuration: 172_800_000,
      reservedSpace: 1000,
      maxUsedSpace: 0,
      minFreeSpace: 0,
    },
    {
      all: true,
      filters: [],
      keepDuration: 60_000,
      reservedSpace: 512 * 2 ** 20,
      maxUsedSpace: 1.5 * 2 ** 30,
      minFreeSpace: tenth,
    },
  ]);
});

test("--oci-worker-gc-keepstorage is reserved, free and most in megabytes, and --oci-worker-gc=false is none", async () => {
  const [, rule] = (await options("--oci-worker-gc-keepstorage 100,200,300")).engine.gcPolicies ?? [];
  expect(rule).toMatchObject({ reservedSpace: 100e6, minFreeSpace: 200e6, maxUsedSpace: 300e6 });
  const [, one] = (await options("--oci-worker-gc-keepstorage 100")).engine.gcPolicies ?? [];
  expect(one).toMatchObject({ reservedSpace: 100e6, minFreeSpace: 0, maxUsedSpace: 0 });
  expect((await options("--oci-worker-gc=false")).engine.gcPolicies).toEqual([]);
});

test.each([
  ["--oci-worker-labels nothing", "", "invalid value nothing"],
  ["--allow-insecure-entitlement all", "", "invalid entitlement : all"],
  ["--log-format xml", "", 'unsupported log type "xml"'],
  ["--log-level loud", "", 'unsupported log level: not a valid logrus Level: "loud"'],
  ["--tlscert a", "", "you must specify key and cert file if one is specified"],
  ["--oci-worker-gc-keepstorage x", "", 'failed to parse storage "x"'],
  ["", "[worker.oci]\nreservedSpace = '12XB'\n", "worker.oci.reservedSpace: invalid disk space 12XB"],
  ["", "[history]\nmaxAge = 'old'\n", "history.maxAge: invalid duration old"],
  ["", "[system]\nmaxRegistryConcurrency = 0\n", "maxRegistryConcurrency must be greater than zero; set to 0"],
])("%s %s is refused", async (flags, toml, said) => {
  await expect(options(flags, toml)).rejects.toThrow(said);
});

test("frontends can be switched off, and their images limited", async () => {
  const toml = `[frontend."dockerfile.v0"]\nenabled = false\n[frontend."gateway.v0"]\nallowedRepositories = ["docker/dockerfile"]\n`;
  const frontends = { disabled: ["dockerfile.v0"], allowedRepositories: ["docker/dockerfile"] };
  expect((await options("", toml)).engine.frontends).toEqual(frontends);
  expect((await options("")).engine.frontends).toBeUndefined();
});
