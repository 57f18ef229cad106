import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineOptions } from "./options.ts";

let folder = "";
let warnings: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cooper-toml-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The options of these flags and this file; flags in the middle of much white space. */
async function options(flags: string, toml?: string) {
  warnings = [];
  const config = join(folder, toml === undefined ? "missing.toml" : "buildkitd.toml");
  if (toml !== undefined) await writeFile(config, toml);
  const env = { BUILDKITD_FLAGS: `  ${flags} \n --config=${config}` };
  return engineOptions(env, "/cwd", (sentence) => warnings.push(sentence));
}

const networks = {
  configPath: "/etc/buildkit/cni.json",
  poolSize: 0,
  bridgeName: "buildkit0",
  bridgeSubnet: "10.10.0.0/16",
};

test("without flags and file there are upstream's defaults", async () => {
  expect(await options("")).toEqual({
    root: "/var/lib/buildkit",
    debug: false,
    snapshotter: "auto",
    ociWorkerBinary: "",
    networkMode: "auto",
    networks,
    maxParallelism: 0,
    insecureEntitlements: [],
    devices: { folders: ["/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"], autoAllowed: [] },
    registries: {},
  });
  expect(warnings).toEqual([]);
});

test("the flags that tools really pass are understood", async () => {
  const got = await options(
    "--oci-worker=true --containerd-worker=false --oci-worker-gc=false --oci-worker-labels=k=v --root D --debug " +
      "--oci-worker-binary crun -oci-worker-snapshotter=native --oci-worker-net=host --oci-max-parallelism=3 " +
      "--allow-insecure-entitlement security.insecure,network.host",
  );
  expect(got).toMatchObject({
    root: "/cwd/D",
    debug: true,
    ociWorkerBinary: "crun",
    snapshotter: "native",
    networkMode: "host",
    maxParallelism: 3,
    insecureEntitlements: ["security.insecure", "network.host"],
  });
});

test("a proxy network for all builds is asked for by flag and by file", async () => {
  expect(await options("--proxy-network")).toMatchObject({ proxyNetwork: true });
  expect(await options("", "proxyNetwork = true")).toMatchObject({ proxyNetwork: true });
  expect(await options("", "proxyNetwork = false")).not.toHaveProperty("proxyNetwork");
  expect(warnings).toEqual([]);
});

test("an unknown flag is an error that names it and the nearest one", async () => {
  await expect(options("--oci-worker-snapshoter=native")).rejects.toMatchObject({
    message: "cannot use BUILDKITD_FLAGS: flag provided but not defined: -oci-worker-snapshoter",
    hint: "did you mean --oci-worker-snapshotter?",
  });
});

test("an address is ignored with a note", async () => {
  await options("--addr unix:///run/x.sock");
  expect(warnings).toEqual(["--addr in BUILDKITD_FLAGS is ignored: nothing listens, the build runs in this process"]);
});

test("the file says what the flags do not", async () => {
  const got = await options(
    "--root /r",
    `
root = "/from-file"
insecure-entitlements = ["network.host"]
[log]
  level = "debug"
[worker.oci]
  snapshotter = "native"
  binary = "runc"
  networkMode = "none"
  max-parallelism = 4
  [[worker.oci.gcpolicy]]
    keepBytes = 512000000
    filters = ["type==source.local"]
[worker.containerd]
  namespace = "x"
[cdi]
  specDirs = ["/etc/devices"]
  autoAllowed = ["acme.example/gpu"]
[dns]
  nameservers = ["1.1.1.1"]
  searchDomains = ["example.com"]
[registry."docker.io"]
  mirrors = ["localhost:5000", "m.example/path"]
[registry."localhost:5000"]
  http = true
  insecure = true
  ca = ["/ca.pem"]
  [[registry."localhost:5000".keypair]]
    key = "/k.pem"
    cert = "/c.pem"
`,
  );
  expect(warnings).toEqual([]);
  expect(got).toEqual({
    root: "/r",
    debug: true,
    snapshotter: "native",
    ociWorkerBinary: "runc",
    networkMode: "none",
    networks,
    maxParallelism: 4,
    insecureEntitlements: ["network.host"],
    devices: { folders: ["/etc/devices"], autoAllowed: ["acme.example/gpu"] },
    dns: { nameservers: ["1.1.1.1"], options: [], searchDomains: ["example.com"] },
    gcPolicies: [
      {
        all: false,
        filters: ["type==source.local"],
        keepDuration: 0,
        reservedSpace: 512_000_000,
        maxUsedSpace: 0,
        minFreeSpace: 0,
      },
    ],
    registries: {
      "docker.io": { mirrors: ["localhost:5000", "m.example/path"] },
      "localhost:5000": {
        http: true,
        insecure: true,
        ca: ["/ca.pem"],
        keyPairs: [{ key: "/k.pem", cert: "/c.pem" }],
      },
    },
  });
});

test("an unknown key is reported with the nearest one, and ignored", async () => {
  await options("", '[worker.oci]\nsnapshoter = "native"\n[registry."x"]\nmirror = ["y"]\n[nothing]\na = 1\n');
  const path = join(folder, "buildkitd.toml");
  expect(warnings).toEqual([
    `${path}: unknown key worker.oci.snapshoter is ignored (did you mean snapshotter?)`,
    `${path}: unknown key registry.x.mirror is ignored (did you mean mirrors?)`,
    `${path}: unknown key nothing is ignored`,
  ]);
});

test("control groups of steps go where the file says", async () => {
  expect(await options("", '[worker.oci]\ndefaultCgroupParent = "builds"\n')).toMatchObject({ cgroupParent: "builds" });
});

test.each(["[cache.gha.verify]", "[ghacache.verify]"])(
  "signatures that are required (%s) are no setting to pass over",
  async (table) => {
    await expect(options("", `${table}\nrequired = true`)).rejects.toMatchObject({ code: "cli/bad-config" });
    await options("", `${table}\nrequired = false`);
  },
);

test("what is set and has no effect is told, by flag and by key", async () => {
  await options(
    "--oci-worker-selinux",
    '[worker.oci]\nproxySnapshotterPath = "/run/x"\nselinux = false\n"apparmor-profile" = ""\n',
  );
  expect(warnings).toEqual([
    "--oci-worker-selinux has no effect: steps have no labels of their own",
    "worker.oci.proxySnapshotterPath has no effect: trees are in the root",
  ]);
});

test("networks of steps are upstream's where nobody says otherwise, and flags win over the file", async () => {
  expect(await options("", "")).toMatchObject({ networkMode: "auto", networks });
  const file = `[worker.oci]
networkMode = "cni"
cniConfigPath = "/c.json"
cniBinaryPath = "/plugins"
cniPoolSize = 2
bridgeName = "b0"
bridgeSubnet = "10.9.0.0/24"`;
  const told = {
    configPath: "/c.json",
    binaryDir: "/plugins",
    poolSize: 2,
    bridgeName: "b0",
    bridgeSubnet: "10.9.0.0/24",
  };
  expect(await options("", file)).toMatchObject({ networkMode: "cni", networks: told });
  const flags = "--oci-worker-net bridge --oci-cni-config-path /f --oci-cni-binary-dir /g --oci-cni-pool-size 3";
  const flagged = { ...told, configPath: "/f", binaryDir: "/g", poolSize: 3 };
  expect(await options(flags, file)).toMatchObject({ networkMode: "bridge", networks: flagged });
});

test("the socket for spans of steps is where the flag says, or the file", async () => {
  expect(await options("", "")).not.toHaveProperty("traceSocket");
  expect(await options("", '[otel]\nsocketPath = "/run/x"\n')).toMatchObject({ traceSocket: "/run/x" });
  expect(await options("--otel-socket-path /run/y", '[otel]\nsocketPath = "/run/x"\n')).toMatchObject({
    traceSocket: "/run/y",
  });
});

test("a file that is no TOML, and a value of a wrong type, are errors", async () => {
  await expect(options("", "root = 1.2.3")).rejects.toThrow(/^failed to parse config: .*buildkitd\.toml: /);
  await expect(options("", "root = 12")).rejects.toThrow("failed to parse config: root is not a string");
  await expect(options("", "[dns]\nnameservers = 'x'")).rejects.toThrow("nameservers is not a list of strings");
});
