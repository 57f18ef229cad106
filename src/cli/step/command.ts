import type { CommandSpec, FlagSpec } from "../args/spec.ts";

const podSecurityFlag: FlagSpec = {
  name: "pod-security",
  kind: "string",
  usage: "level of Pod Security that the namespace enforces: privileged, baseline, restricted",
};

/** Flags that say what git would say of the build. */
const buildFlags: readonly FlagSpec[] = [
  { name: "branch", kind: "string", usage: "branch of the build, instead of git's" },
  { name: "commit", kind: "string", usage: "commit of the build, instead of git's" },
  { name: "repository", kind: "string", usage: "address of the repository, instead of git's origin" },
  {
    name: "env",
    kind: "strings",
    usage: "variable that is set when the pipeline is uploaded: NAME=VALUE, or NAME from here",
  },
];

/** What the cluster knows of the controller. */
const controllerFlags: readonly FlagSpec[] = [
  { name: "config", kind: "string", usage: "the controller's configuration file" },
  { name: "pod-template", kind: "string", usage: "file with the PodTemplate that the plugin names" },
];

export const lintCommand: CommandSpec = {
  name: "lint",
  usage: "tell what is, or on Kubernetes would go, wrong with a pipeline",
  argsUsage: "[FILE]",
  flags: [
    ...buildFlags,
    { ...podSecurityFlag, value: "baseline" },
    ...controllerFlags,
    { name: "strict", kind: "bool", usage: "exit with 1 for warnings, too" },
    { name: "json", kind: "bool", usage: "print the problems as JSON (docs/step-lint.md)" },
  ],
};

export const renderCommand: CommandSpec = {
  name: "render",
  usage: "print the Kubernetes Jobs that agent-stack-k8s would create for a pipeline",
  argsUsage: "[FILE]",
  flags: [
    ...buildFlags,
    { name: "step", kind: "string", usage: "key, label or number of the step to render (default: all)" },
    ...controllerFlags,
    { name: "json", kind: "bool", usage: "print JSON, a Job a line" },
    { name: "standalone", kind: "bool", usage: "render Jobs that need no Buildkite" },
    {
      ...podSecurityFlag,
      usage: "with --standalone: change the pod so that this level admits it: baseline, restricted",
    },
    {
      name: "source-image",
      kind: "string",
      usage: "with --standalone: image with git and a shell, which fetches the source",
    },
    { name: "cooper-image", kind: "string", usage: "with --standalone: image that takes the place of moby/buildkit" },
    {
      name: "secret",
      kind: "string",
      value: "buildkite-secrets",
      usage: "with --standalone: Kubernetes Secret with the values of the pipeline's secrets",
    },
  ],
};

export const runCommand: CommandSpec = {
  name: "run",
  usage: "run a pipeline's steps on this machine, without Buildkite and without a cluster",
  argsUsage: "[FILE]",
  flags: [
    ...buildFlags,
    { name: "queue", kind: "string", usage: "run only steps for this queue" },
    { name: "step", kind: "strings", usage: "run only the step of this key or label, without what it depends on" },
    { name: "dry-run", kind: "bool", usage: "tell what would run, and run nothing" },
    { name: "json", kind: "bool", usage: "print the results as JSON to standard output, logs to standard error" },
    { name: "parallel", kind: "int", usage: "how many jobs run at once (default: one for each processor)" },
    { name: "unblock", kind: "bool", usage: "go on behind block and input steps, without asking" },
    { name: "field", kind: "strings", usage: "value of a block or input step's field: KEY=VALUE" },
    { name: "clean", kind: "bool", usage: "give steps a clone of HEAD instead of the working tree" },
    { name: "keep-volume", kind: "strings", usage: "emptyDir volume whose content stays for the next run" },
    { name: "real-images", kind: "bool", usage: "pull moby/buildkit, instead of being it" },
    { name: "artifacts", kind: "string", usage: "folder for artifacts", value: "cooper-artifacts" },
    { name: "secrets", kind: "string", usage: "file with the pipeline's secrets, NAME=VALUE lines" },
    {
      name: "config-map",
      kind: "strings",
      usage: "config map of the pods: NAME=FOLDER, or NAME=FILE of KEY=VALUE lines",
    },
    {
      name: "secret",
      kind: "strings",
      usage: "Kubernetes secret of the pods: NAME=FOLDER, or NAME=FILE of KEY=VALUE lines",
    },
    { name: "claim", kind: "strings", usage: "folder of a persistent volume claim: NAME=FOLDER" },
    {
      name: "network",
      kind: "string",
      usage: "network of the pods: host, pod (one of its own for each, with a way out), or none",
      value: "host",
    },
    {
      name: "seccomp-profiles",
      kind: "string",
      usage: "folder of Localhost seccomp profiles",
      value: "/var/lib/kubelet/seccomp",
    },
    { name: "no-interpolation", kind: "bool", usage: "leave $VARIABLES in the pipeline as they are" },
    { name: "root", kind: "string", usage: "storage root, when it is not the usual one" },
  ],
};

/** `cooper step`. */
export const stepCommand: CommandSpec = {
  name: "step",
  usage: "run, check and render the steps of a Buildkite pipeline",
  flags: [],
  commands: [runCommand, lintCommand, renderCommand],
};
