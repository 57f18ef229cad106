import { posix } from "node:path";
import type { JsonObject } from "../kube/json.ts";
import { type Container, type PodSpec, setEnv, type Volume, type VolumeMount, withMounts } from "./container.ts";

export interface AdditionalHook extends JsonObject {
  readonly path?: string;
  readonly volume?: Volume;
}

/** `agent-config` of the controller's configuration: what all agents of a pod get. */
export interface AgentConfig extends JsonObject {
  readonly "additional-hooks"?: readonly AdditionalHook[];
  readonly "additional-hooks-paths"?: readonly string[];
  readonly hooksVolume?: Volume;
  readonly pluginsVolume?: Volume;
  readonly signingJWKSVolume?: Volume;
  readonly verificationJWKSVolume?: Volume;
}

/** Variable of the agent container, key of the configuration, and how the value is written. */
const variables: readonly (readonly [string, string, "text" | "not" | "list"])[] = [
  ["BUILDKITE_AGENT_ENDPOINT", "endpoint", "text"],
  ["BUILDKITE_NO_HTTP2", "no-http2", "text"],
  ["BUILDKITE_AGENT_EXPERIMENT", "experiment", "list"],
  ["BUILDKITE_SHELL", "shell", "text"],
  ["BUILDKITE_AGENT_NO_COLOR", "no-color", "text"],
  ["BUILDKITE_STRICT_SINGLE_HOOKS", "strict-single-hooks", "text"],
  ["BUILDKITE_NO_MULTIPART_ARTIFACT_UPLOAD", "no-multipart-artifact-upload", "text"],
  ["BUILDKITE_TRACE_CONTEXT_ENCODING", "trace-context-encoding", "text"],
  ["BUILDKITE_TRACING_BACKEND", "tracing-backend", "text"],
  ["BUILDKITE_TRACING_SERVICE_NAME", "tracing-service-name", "text"],
  ["BUILDKITE_TRACING_PROPAGATE_TRACEPARENT", "tracing-propagate-traceparent", "text"],
  ["BUILDKITE_AGENT_DISABLE_WARNINGS_FOR", "disable-warnings-for", "list"],
  ["BUILDKITE_AGENT_DEBUG_SIGNING", "debug-signing", "text"],
  ["BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS", "git-skip-fetch-existing-commits", "text"],
  ["BUILDKITE_KUBERNETES_CONTAINER_START_TIMEOUT", "container-start-timeout", "text"],
  ["BUILDKITE_HOOKS_PATH", "hooks-path", "text"],
  ["BUILDKITE_ADDITIONAL_HOOKS_PATHS", "additional-hooks-paths", "list"],
  ["BUILDKITE_PLUGINS_PATH", "plugins-path", "text"],
  ["BUILDKITE_NO_PTY", "no-pty", "text"],
  ["BUILDKITE_NO_COMMAND_EVAL", "no-command-eval", "text"],
  ["BUILDKITE_NO_LOCAL_HOOKS", "no-local-hooks", "text"],
  ["BUILDKITE_NO_PLUGINS", "no-plugins", "text"],
  ["BUILDKITE_NO_PLUGIN_VALIDATION", "plugin-validation", "not"],
  ["BUILDKITE_AGENT_SIGNING_JWKS_FILE", "signing-jwks-file", "text"],
  ["BUILDKITE_AGENT_SIGNING_JWKS_KEY_ID", "signing-jwks-key-id", "text"],
  ["BUILDKITE_AGENT_VERIFICATION_JWKS_FILE", "verification-jwks-file", "text"],
  ["BUILDKITE_AGENT_JOB_VERIFICATION_NO_SIGNATURE_BEHAVIOR", "verification-failure-behavior", "text"],
];

/** What an `agent-config` does to the containers of one pod. */
export interface AgentSettings {
  readonly volumes: readonly Volume[];
  /** `first`: the pod's first command container. */
  command(container: Container, first: boolean): Container;
  checkout(container: Container): Container;
  agent(container: Container): Container;
}

const nothing: AgentSettings = {
  volumes: [],
  command: (container) => container,
  checkout: (container) => container,
  agent: (container) => container,
};

export function agentSettings(config: AgentConfig | undefined): AgentSettings {
  if (config === undefined) return nothing;
  const signing = keyFile(config["signing-jwks-file"], config.signingJWKSVolume, "/buildkite/signing-jwks");
  const verification = keyFile(
    config["verification-jwks-file"],
    config.verificationJWKSVolume,
    "/buildkite/verification-jwks",
  );
  const full = withDefaults(config, signing.file, verification.file);
  const shared = hookAndPluginMounts(full);
  return {
    volumes: volumesOf(config),
    command: (container, first) => withMounts(container, ...shared, ...(first ? signing.firstMount : signing.mount)),
    checkout: (container) => withMounts(container, ...shared),
    agent: (container) =>
      setEnv(
        withMounts(container, ...shared, ...signing.mount, ...verification.firstMount),
        variables.map(([name, key, form]) => [name, written(full[key], form)] as const),
      ),
  };
}

function volumesOf(config: AgentConfig): Volume[] {
  const hooks = (config["additional-hooks"] ?? []).map((hook) => hook.volume);
  const all = [
    config.hooksVolume,
    ...hooks,
    config.pluginsVolume,
    config.signingJWKSVolume,
    config.verificationJWKSVolume,
  ];
  return all.filter((volume) => volume !== undefined);
}

/** Paths that a volume implies, and the agent's behaviour towards jobs without a signature. */
function withDefaults(config: AgentConfig, signing: string | undefined, verification: string | undefined): AgentConfig {
  const hookPaths = (config["additional-hooks"] ?? []).flatMap((hook) => hook.path ?? []);
  return {
    ...config,
    "hooks-path": config["hooks-path"] ?? (config.hooksVolume && "/workspace/hooks"),
    "plugins-path": config["plugins-path"] ?? (config.pluginsVolume && "/workspace/plugins"),
    "additional-hooks-paths": [...(config["additional-hooks-paths"] ?? []), ...hookPaths],
    "signing-jwks-file": signing,
    "verification-jwks-file": verification,
    "verification-failure-behavior":
      config["verification-failure-behavior"] ?? (verification === undefined ? "warn" : undefined),
  };
}

function hookAndPluginMounts(config: AgentConfig): VolumeMount[] {
  const mount = (volume: Volume | undefined, path: unknown): VolumeMount[] =>
    volume === undefined || typeof path !== "string" ? [] : [{ name: volume.name, mountPath: path }];
  return [
    ...mount(config.hooksVolume, config["hooks-path"]),
    ...(config["additional-hooks"] ?? []).flatMap((hook) => mount(hook.volume, hook.path)),
    ...mount(config.pluginsVolume, config["plugins-path"]),
  ];
}

/**
 * A key's file and where its volume is mounted. A relative path is below the default folder; the controller mounts the default folder
 * at first, and the file's own folder at each later use, which is another one only for `sub/folder/key`.
 */
function keyFile(path: unknown, volume: Volume | undefined, folder: string) {
  const given = typeof path === "string" ? path : undefined;
  if (volume === undefined) return { file: given, firstMount: [], mount: [] };
  const wanted = given ?? "key";
  const file = posix.isAbsolute(wanted) ? wanted : posix.join(folder, wanted);
  const at = (mountPath: string) => [{ name: volume.name, mountPath }];
  return {
    file,
    firstMount: at(posix.isAbsolute(wanted) ? posix.dirname(file) : folder),
    mount: at(posix.dirname(file)),
  };
}

function written(value: JsonObject[string], form: "text" | "not" | "list"): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (form === "list") return Array.isArray(value) && value.length > 0 ? value.join(",") : undefined;
  return String(form === "not" ? value !== true : value);
}

/** The pod's user and group as the controller sees them: its containers' own settings do not count. */
export function podOwner(pod: PodSpec): { uid: number; gid: number } {
  const { runAsUser, runAsGroup } = pod.securityContext ?? {};
  return {
    uid: typeof runAsUser === "number" ? runAsUser : 0,
    gid: typeof runAsGroup === "number" ? runAsGroup : 0,
  };
}
