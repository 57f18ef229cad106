/** A key of buildkitd.toml: a value, a table with known keys, or a table whose keys are names of the user's. */
export type Schema =
  | "value"
  | { readonly [key: string]: Schema }
  | { readonly named: Schema }
  | { readonly list: Schema };

const gc: Record<string, Schema> = {
  gc: "value",
  gckeepstorage: "value",
  reservedSpace: "value",
  maxUsedSpace: "value",
  minFreeSpace: "value",
  gcpolicy: {
    list: {
      all: "value",
      filters: "value",
      keepDuration: "value",
      keepBytes: "value",
      reservedSpace: "value",
      maxUsedSpace: "value",
      minFreeSpace: "value",
    },
  },
};

const worker: Record<string, Schema> = {
  ...gc,
  enabled: "value",
  labels: "value",
  platforms: "value",
  snapshotter: "value",
  rootless: "value",
  networkMode: "value",
  cniConfigPath: "value",
  cniBinaryPath: "value",
  cniPoolSize: "value",
  bridgeName: "value",
  bridgeSubnet: "value",
  defaultCgroupParent: "value",
  "apparmor-profile": "value",
  selinux: "value",
  "max-parallelism": "value",
  isolation: "value",
  "step-memory": "value",
  "step-cpus": "value",
  "step-pids": "value",
};

/** What upstream's `buildkitd.toml` may hold (docs/buildkitd.toml.md there). */
export const tomlSchema: Schema = {
  debug: "value",
  trace: "value",
  shutdownGracePeriod: "value",
  root: "value",
  "insecure-entitlements": "value",
  proxyNetwork: "value",
  provenanceEnvDir: "value",
  log: { format: "value", level: "value" },
  grpc: {
    address: "value",
    debugAddress: "value",
    uid: "value",
    gid: "value",
    securityDescriptor: "value",
    tls: { cert: "value", key: "value", ca: "value" },
  },
  otel: { socketPath: "value" },
  cdi: { disabled: "value", specDirs: "value", autoAllowed: "value" },
  worker: {
    oci: {
      ...worker,
      noProcessSandbox: "value",
      userRemapUnsupported: "value",
      binary: "value",
      proxySnapshotterPath: "value",
      stargzSnapshotter: "value",
    },
    containerd: { ...worker, address: "value", namespace: "value", runtime: "value" },
  },
  registry: {
    named: {
      mirrors: "value",
      http: "value",
      insecure: "value",
      ca: "value",
      keypair: { list: { key: "value", cert: "value" } },
      tlsconfigdir: "value",
    },
  },
  dns: { nameservers: "value", options: "value", searchDomains: "value" },
  history: { maxAge: "value", maxEntries: "value" },
  frontend: {
    "dockerfile.v0": { enabled: "value" },
    "gateway.v0": { enabled: "value", allowedRepositories: "value" },
  },
  system: { platformsCacheMaxAge: "value", maxRegistryConcurrency: "value" },
  cache: { gha: "value" },
  // Where upstream's documentation has it.
  ghacache: "value",
};
