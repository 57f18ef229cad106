import type { Json } from "../kube/json.ts";
import { type AgentSettings, podOwner } from "./agent-config.ts";
import {
  type Container,
  type PodSpec,
  setEnv,
  type Volume,
  type VolumeMount,
  withEnvFrom,
  withMounts,
} from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { pullPolicyOf } from "./image-checks.ts";
import type { CheckoutParams, KubernetesPlugin } from "./params.ts";

/** Variables whose values the agent hides in logs, unless told more. */
const redactedVars = [
  "*_PASSWORD",
  "*_SECRET",
  "*_TOKEN",
  "*_PRIVATE_KEY",
  "*_SSH_KEY",
  "*_ACCESS_KEY",
  "*_SECRET_KEY",
  "*_CONNECTION_STRING",
  "*_API_KEY",
];

/** The container that runs `buildkite-agent start`: it acquires the job and leads the others. */
export function agentContainer(
  config: ControllerConfig,
  settings: AgentSettings,
  plugin: KubernetesPlugin | undefined,
  facts: { uuid: string; tags: string; managed: number; gracePeriod: number },
  mounts: readonly VolumeMount[],
): Container {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const token = { name: config.agentTokenSecret, key: "BUILDKITE_AGENT_TOKEN" };
  const container: Container = {
    name: "agent",
    args: ["start"],
    image: config.image,
    imagePullPolicy: pullPolicyOf(config, config.image),
    workingDir: "/workspace",
    volumeMounts: mounts,
    env: [
      { name: "BUILDKITE_KUBERNETES_EXEC", value: "true" },
      { name: "BUILDKITE_CONTAINER_COUNT", value: String(facts.managed) },
      { name: "BUILDKITE_AGENT_TAGS", value: facts.tags },
      field("BUILDKITE_K8S_NODE", "spec.nodeName"),
      field("BUILDKITE_K8S_NAMESPACE", "metadata.namespace"),
      field("BUILDKITE_K8S_SERVICE_ACCOUNT", "spec.serviceAccountName"),
      { name: "BUILDKITE_BUILD_PATH", value: "/workspace/build" },
      { name: "BUILDKITE_HOOKS_PATH", value: "/workspace/hooks" },
      { name: "BUILDKITE_PLUGINS_PATH", value: "/workspace/plugins" },
      { name: "BUILDKITE_SOCKETS_PATH", value: "/workspace/sockets/agent" },
      { name: "BUILDKITE_SHELL", value: "/bin/sh -ec" },
      { name: "BUILDKITE_AGENT_TOKEN", valueFrom: { secretKeyRef: token } },
      { name: "BUILDKITE_AGENT_ACQUIRE_JOB", value: facts.uuid },
      { name: "BUILDKITE_REDACTED_VARS", value: [...redactedVars, ...config.redactedVars].join(",") },
      { name: "BUILDKITE_CANCEL_GRACE_PERIOD", value: String(Math.max(facts.gracePeriod, 1)) },
      { name: "BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", value: String(Math.max(0, facts.gracePeriod - 10)) },
    ],
  };
  const configured = setEnv(settings.agent(container), checkoutVariables(config.checkout));
  return setEnv(configured, checkoutVariables(plugin?.checkout));
}

function checkoutVariables(params: CheckoutParams | undefined): (readonly [string, string | undefined])[] {
  if (params === undefined) return [];
  const mirrors = params.gitMirrors;
  const configs = params.submoduleCloneConfig ?? [];
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : String(value));
  return [
    ["BUILDKITE_GIT_CHECKOUT_FLAGS", params.checkoutFlags],
    ["BUILDKITE_GIT_CLEAN_FLAGS", params.cleanFlags],
    ["BUILDKITE_GIT_CLONE_FLAGS", params.cloneFlags],
    ["BUILDKITE_GIT_FETCH_FLAGS", params.fetchFlags],
    ["BUILDKITE_NO_GIT_SUBMODULES", flag(params.noSubmodules)],
    ["BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG", configs.length > 0 ? configs.join(",") : undefined],
    ["BUILDKITE_GIT_MIRRORS_PATH", mirrorsPath(params)],
    ["BUILDKITE_GIT_CLONE_MIRROR_FLAGS", mirrors?.cloneFlags],
    ["BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT", (mirrors?.lockTimeout ?? 0) > 0 ? String(mirrors?.lockTimeout) : undefined],
    ["BUILDKITE_GIT_MIRRORS_SKIP_UPDATE", flag(mirrors?.skipUpdate)],
  ];
}

function mirrorsPath({ gitMirrors }: CheckoutParams): string | undefined {
  return gitMirrors?.path ?? (gitMirrors?.volume && "/buildkite/git-mirrors");
}

/** Makes the workspace usable for every user of the pod and puts the agent into it; the first init container. */
export function copyAgentContainer(config: ControllerConfig, pod: PodSpec, workspace: VolumeMount): Container {
  const { uid, gid } = podOwner(pod);
  const owner = gid === 0 ? `${uid}` : `${uid}:${gid}`;
  const script = `${uid === 0 ? "" : `chown -R ${owner} /workspace\n`}${copyAgentScript}`;
  return {
    name: "copy-agent",
    image: config.image,
    imagePullPolicy: pullPolicyOf(config, config.image),
    command: ["/bin/sh"],
    args: ["-cefx", script],
    ...(uid === 0 ? {} : { securityContext: asRoot }),
    volumeMounts: [workspace],
  };
}

const asRoot = { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false };

const copyAgentScript = `
mkdir /workspace/build /workspace/plugins /workspace/sockets
chmod 777 /workspace/build /workspace/plugins /workspace/sockets
cp /usr/local/bin/buildkite-agent /workspace
# Copy tini-static from wherever it exists
# Alpine: /sbin/tini-static, Ubuntu/Debian: /usr/bin/tini-static
if [ -f /sbin/tini-static ]; then
    cp /sbin/tini-static /workspace/tini-static
elif [ -f /usr/bin/tini-static ]; then
    cp /usr/bin/tini-static /workspace/tini-static
else
    echo "Error: No tini-static binary found" >&2
    exit 1
fi
`;

/** The container that checks the source out, and the volumes that it needs. */
export function checkoutContainer(
  config: ControllerConfig,
  settings: AgentSettings,
  plugin: KubernetesPlugin | undefined,
  pod: PodSpec,
  mounts: readonly VolumeMount[],
): { container: Container; volumes: readonly Volume[] } {
  const secret = plugin?.checkout?.gitCredentialsSecret ?? config.checkout?.gitCredentialsSecret;
  const base: Container = {
    name: "checkout",
    image: config.image,
    imagePullPolicy: pullPolicyOf(config, config.image),
    workingDir: "/workspace",
    volumeMounts: mounts,
    env: [
      { name: "BUILDKITE_BOOTSTRAP_PHASES", value: "plugin,checkout" },
      { name: "BUILDKITE_CONTAINER_ID", value: "0" },
      { name: "BUILDKITE_SOCKETS_PATH", value: "/workspace/sockets/checkout" },
    ],
  };
  let container = settings.checkout(base);
  for (const params of [config.checkout, plugin?.checkout]) {
    container = withMounts(withEnvFrom(container, params?.envFrom), ...checkoutMounts(params));
  }
  container = withEnvFrom(container, plugin?.gitEnvFrom);
  if (secret !== undefined) container = withMounts(container, ...credentialMounts);
  const volumes = [config.checkout, plugin?.checkout].flatMap((params) => params?.gitMirrors?.volume ?? []);
  return {
    container: { ...container, ...checkoutProcess(podOwner(pod), secret !== undefined) },
    volumes: [...volumes, ...(secret === undefined ? [] : credentialVolumes(secret))],
  };
}

function checkoutMounts(params: CheckoutParams | undefined): VolumeMount[] {
  const volume = params?.gitMirrors?.volume;
  const path = params && mirrorsPath(params);
  const mirrors = volume === undefined || path === undefined ? [] : [{ name: volume.name, mountPath: path }];
  return [...mirrors, ...(params?.extraVolumeMounts ?? [])];
}

const credentialMounts: readonly VolumeMount[] = [
  { name: "git-credentials-ro", mountPath: "/buildkite/git-credentials-ro" },
  { name: "git-credentials", mountPath: "/buildkite/git-credentials" },
];

/** git's credential store writes its file, and a secret's volume is read-only: so a copy in memory. */
function credentialVolumes(secret: Json): Volume[] {
  return [
    { name: "git-credentials-ro", secret },
    { name: "git-credentials", emptyDir: { medium: "Memory" } },
  ];
}

/** A pod with a user of its own gets that user made in the agent's image, and the checkout runs as it. */
function checkoutProcess({ uid, gid }: { uid: number; gid: number }, credentials: boolean): Partial<Container> {
  const gitConfig = credentials
    ? "cp /buildkite/git-credentials-ro/.git-credentials /buildkite/git-credentials && " +
      "git config --global credential.helper 'store --file /buildkite/git-credentials/.git-credentials'"
    : "true";
  const bootstrap = "buildkite-agent-entrypoint kubernetes-bootstrap";
  const shell = (...lines: string[]) => ({ command: ["/bin/sh", "-c"], args: [["set -exuf", ...lines].join("\n")] });
  if (uid === 0) return shell(gitConfig, bootstrap);
  const asUser = `su buildkite-agent -c "${gitConfig} && ${bootstrap}"`;
  return { securityContext: asRoot, ...shell(createUserScript(uid, gid), asUser) };
}

function createUserScript(uid: number, gid: number): string {
  const group = gid === 0 ? "root" : "buildkite-agent";
  const adding = (command: string) => (gid === 0 ? "" : `\n    ${command} -g ${gid} ${group} 2>/dev/null || true`);
  return `# Portable user/group creation
if command -v adduser >/dev/null 2>&1 && adduser --help 2>&1 | grep -q BusyBox; then${adding("addgroup")}
    adduser -D -u ${uid} -G ${group} -h /workspace buildkite-agent
elif command -v useradd >/dev/null 2>&1; then${adding("groupadd")}
    useradd -M -u ${uid} -g ${group} -d /workspace -s /bin/sh buildkite-agent
else
    echo "Error: No supported user creation tool found" >&2
    exit 1
fi
`;
}
