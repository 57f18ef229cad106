import type { CommandSpec } from "./spec.ts";
import { stepLimitFlags } from "./step-limits.ts";

/** What `--version` prints; upstream's own text when it is built without a version. */
export const version = "v0.0.0+unknown";

const buildUsage = `
     To build and push an image using Dockerfile:
       $ buildctl build --frontend dockerfile.v0 --opt target=foo --opt build-arg:foo=bar --local context=. --local dockerfile=. --output type=image,name=docker.io/username/image,push=true
     `;

const buildCommand: CommandSpec = {
  name: "build",
  aliases: ["b"],
  usage: "build",
  usageText: buildUsage,
  flags: [
    {
      name: "output",
      alias: "o",
      kind: "strings",
      usage: "Define exports for build result, e.g. --output type=image,name=docker.io/username/image,push=true",
    },
    {
      name: "progress",
      kind: "string",
      usage: "Set type of progress (auto, plain, tty, rawjson). Use plain to show container output",
      value: "auto",
    },
    { name: "trace", kind: "string", usage: "Path to trace file. Defaults to no tracing." },
    { name: "local", kind: "strings", usage: "Allow build access to the local directory" },
    { name: "oci-layout", kind: "strings", usage: "Allow build access to the local OCI layout" },
    { name: "frontend", kind: "string", usage: "Define frontend used for build" },
    {
      name: "opt",
      kind: "strings",
      usage: "Define custom options for frontend, e.g. --opt target=foo --opt build-arg:foo=bar",
    },
    {
      name: "isolation",
      kind: "string",
      usage: "how steps are isolated: auto, oci, rootless, chroot or no-exec",
      hidden: true,
    },
    ...stepLimitFlags,
    { name: "no-cache", kind: "bool", usage: "Disable cache for all the vertices" },
    {
      name: "export-cache",
      kind: "strings",
      usage:
        "Export build cache, e.g. --export-cache type=registry,ref=example.com/foo/bar, or --export-cache type=local,dest=path/to/dir",
    },
    {
      name: "import-cache",
      kind: "strings",
      usage:
        "Import build cache, e.g. --import-cache type=registry,ref=example.com/foo/bar, or --import-cache type=local,src=path/to/dir",
    },
    { name: "secret", kind: "strings", usage: "Secret value exposed to the build. Format id=secretname,src=filepath" },
    {
      name: "allow",
      kind: "strings",
      usage: "Allow extra privileged entitlement, e.g. network.host, security.insecure, device",
    },
    {
      name: "ssh",
      kind: "strings",
      usage:
        "Allow forwarding SSH agent or a raw Unix socket to the builder. Format default|<id>[=<socket>[,raw=false]|<key>[,<key>]]",
    },
    { name: "metadata-file", kind: "string", usage: "Output build metadata (e.g., image digest) to a file as JSON" },
    { name: "source-policy-file", kind: "string", usage: "Read source policy file from a JSON file" },
    { name: "proxy-network", kind: "bool", usage: "Run build with proxy network enforcement" },
    { name: "ref-file", kind: "string", usage: "Write build ref to a file" },
    {
      name: "registry-auth-tlscontext",
      kind: "strings",
      usage:
        "Overwrite TLS configuration when authenticating with registries, e.g. --registry-auth-tlscontext host=https://myserver:2376,insecure=false,ca=/path/to/my/ca.crt,cert=/path/to/my/cert.crt,key=/path/to/my/key.crt",
    },
    {
      name: "debug-json-cache-metrics",
      kind: "string",
      usage: "Where to output json cache metrics, use 'stdout' or 'stderr' for standard (error) output.",
    },
  ],
};

const debugCommands: readonly CommandSpec[] = [
  {
    name: "dump-llb",
    usage:
      "dump LLB in human-readable format. LLB can be also passed via stdin. This command does not require the daemon to be running.",
    argsUsage: "<llbfile>",
    flags: [{ name: "dot", kind: "bool", usage: "Output dot format" }],
  },
  {
    name: "dump-metadata",
    usage: "dump the meta in human-readable format.  This command requires the daemon NOT to be running.",
    flags: [{ name: "root", kind: "string", usage: "path to state directory", value: "/var/lib/buildkit" }],
  },
  {
    name: "workers",
    usage: "list workers",
    flags: [
      { name: "filter", alias: "f", kind: "strings", usage: "containerd-style filter string slice" },
      { name: "verbose", alias: "v", kind: "bool", usage: "Verbose output" },
      { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
    ],
  },
  {
    name: "info",
    usage: "display internal information",
    flags: [
      { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
    ],
  },
  {
    name: "monitor",
    usage: "display build events",
    flags: [
      { name: "completed", kind: "bool", usage: "show completed builds" },
      { name: "ref", kind: "string", usage: "show events for a specific build" },
    ],
  },
  {
    name: "logs",
    usage: "display build logs",
    flags: [
      { name: "progress", kind: "string", usage: "progress output type", value: "auto" },
      { name: "trace", kind: "bool", usage: "show opentelemetry trace" },
    ],
  },
  {
    name: "ctl",
    usage: "control build records",
    flags: [
      { name: "pin", kind: "bool", usage: "Pin build so it will not be garbage collected" },
      { name: "unpin", kind: "bool", usage: "Unpin build so it will be garbage collected" },
      { name: "delete", kind: "bool", usage: "Delete build record" },
    ],
  },
  { name: "get", usage: "retrieve a blob from contentstore", flags: [] },
  {
    name: "histories",
    usage: "list build records",
    flags: [
      { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
    ],
  },
];

/** Upstream's `buildctl`: its commands, flags and help texts. `address` is the daemon's default address. */
export function buildctlSpec(address: string): CommandSpec {
  return {
    name: "buildctl",
    usage: "build utility",
    version,
    flags: [
      { name: "debug", kind: "bool", usage: "enable debug output in logs" },
      { name: "addr", kind: "string", usage: "buildkitd address", value: address },
      { name: "log-format", kind: "string", usage: "log formatter: json or text", value: "text" },
      { name: "tlsservername", kind: "string", usage: "buildkitd server name for certificate validation" },
      { name: "tlscacert", kind: "string", usage: "CA certificate for validation" },
      { name: "tlscert", kind: "string", usage: "client certificate" },
      { name: "tlskey", kind: "string", usage: "client key" },
      {
        name: "tlsdir",
        kind: "string",
        usage:
          "directory containing CA certificate, client certificate, and client key. Supported file names are (ca.pem, cert.pem, key.pem) or (ca.crt, tls.crt, tls.key)",
      },
      { name: "timeout", kind: "int", usage: "timeout backend connection after value seconds", value: "5" },
      { name: "wait", kind: "bool", usage: "block RPCs until the connection becomes available" },
    ],
    commands: [
      {
        name: "du",
        usage: "disk usage",
        flags: [
          { name: "filter", alias: "f", kind: "strings", usage: "Filter records" },
          { name: "verbose", alias: "v", kind: "bool", usage: "Verbose output" },
          { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
        ],
      },
      {
        name: "prune",
        usage: "clean up build cache",
        flags: [
          { name: "keep-duration", kind: "duration", usage: "Keep data newer than this limit", value: "0s" },
          { name: "keep-storage", kind: "float", usage: "Keep data below this limit (in MB)", value: "0" },
          { name: "keep-storage-min", kind: "float", usage: "Always allow data above this limit (in MB)", value: "0" },
          { name: "free-storage", kind: "float", usage: "Keep free data below this limit (in MB)", value: "0" },
          { name: "filter", alias: "f", kind: "strings", usage: "Filter records" },
          { name: "all", kind: "bool", usage: "Include internal/frontend references" },
          { name: "verbose", alias: "v", kind: "bool", usage: "Verbose output" },
          { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
        ],
      },
      {
        name: "prune-histories",
        usage: "clean up build histories",
        flags: [
          { name: "format", kind: "string", usage: "Format the output using the given Go template, e.g, '{{json .}}'" },
        ],
      },
      buildCommand,
      { name: "debug", usage: "debug utilities", flags: [], commands: debugCommands },
      {
        name: "dial-stdio",
        usage: "Proxy the stdio stream to the daemon connection. Should not be invoked manually.",
        flags: [],
        hidden: true,
      },
      {
        name: "completion",
        usage: "Output shell completion script for bash, zsh, fish, or Powershell",
        flags: [],
        hidden: true,
      },
    ],
  };
}
