import type { AgentSettings } from "./agent-config.ts";
import { type Container, type VolumeMount, withEnv, withEnvFrom, withMounts } from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { interposedCommand, type KubernetesPlugin } from "./params.ts";

/** What every command container runs: the agent's bootstrap, which runs BUILDKITE_COMMAND. */
export const bootstrapCommand = ["/workspace/tini-static"];
export const bootstrapArgs = ["--", "/workspace/buildkite-agent", "kubernetes-bootstrap"];

/**
 * The user's containers as command containers. One with a command of its own runs that instead of the step's; with none at all there
 * is one of the agent's image. `systemContainers`: how many managed containers have ids before theirs.
 */
export function commandContainers(
  config: ControllerConfig,
  settings: AgentSettings,
  plugin: KubernetesPlugin | undefined,
  containers: readonly Container[],
  command: string,
  systemContainers: number,
  mounts: readonly VolumeMount[],
): Container[] {
  const apply = (container: Container, at: number) => withParams(config, settings.command(container, at === 0), plugin);
  if (containers.length === 0) {
    const base: Container = { name: "container-0", image: config.image, volumeMounts: mounts };
    const env = [...bootstrapEnv(command, systemContainers), socketsPath(base.name)];
    const container = apply(withEnv(asBootstrap(base), ...env), 0);
    return [withEnvFrom(container, plugin?.gitEnvFrom)];
  }
  return containers.map((given, at) => {
    const own = given.command?.length
      ? interposedCommand(config.command, plugin?.commandParams, given.command, given.args ?? [])
      : command;
    const named = { ...given, name: given.name || `container-${at}` };
    const container = apply(withEnv(asBootstrap(named), ...bootstrapEnv(own, at + systemContainers)), at);
    const mounted = withMounts(withEnv(container, socketsPath(named.name)), ...mounts);
    return withEnvFrom(mounted, plugin?.gitEnvFrom);
  });
}

function asBootstrap(container: Container): Container {
  return {
    ...container,
    command: bootstrapCommand,
    args: bootstrapArgs,
    workingDir: container.workingDir || "/workspace",
  };
}

function bootstrapEnv(command: string, id: number) {
  return [
    { name: "BUILDKITE_BOOTSTRAP_PHASES", value: "plugin,command" },
    { name: "BUILDKITE_COMMAND", value: command },
    { name: "BUILDKITE_CONTAINER_ID", value: String(id) },
  ];
}

function socketsPath(name: string) {
  return { name: "BUILDKITE_SOCKETS_PATH", value: `/workspace/sockets/${name}` };
}

function withParams(config: ControllerConfig, container: Container, plugin: KubernetesPlugin | undefined): Container {
  return [config.command, plugin?.commandParams].reduce(
    (result, params) => withMounts(withEnvFrom(result, params?.envFrom), ...(params?.extraVolumeMounts ?? [])),
    container,
  );
}

/** The plugin's sidecars as native ones: init containers that keep running. */
export function sidecarContainers(
  config: ControllerConfig,
  plugin: KubernetesPlugin | undefined,
  mounts: readonly VolumeMount[],
): Container[] {
  return (plugin?.sidecars ?? []).map((given, at) => {
    const named = { ...given, name: given.name || `sidecar-${at}` };
    const defaulted = withMounts(
      withEnvFrom(named, config.sidecar?.envFrom),
      ...(config.sidecar?.extraVolumeMounts ?? []),
    );
    const own = withEnvFrom(withMounts(defaulted, ...mounts), plugin?.sidecarParams?.envFrom);
    const mounted = withMounts(own, ...(plugin?.sidecarParams?.extraVolumeMounts ?? []));
    return { ...withEnvFrom(mounted, plugin?.gitEnvFrom), restartPolicy: "Always" };
  });
}
