import type { Executor, StepMount } from "../executor/index.ts";
import type { Scope } from "../kit/index.ts";

/** A pod as this machine can run it; read from a Kubernetes PodSpec by `readPod`. */
export interface Pod {
  readonly volumes: ReadonlyMap<string, Volume>;
  /** In order; a sidecar (`restartPolicy: Always`) is started and left running, another must end well. */
  readonly initContainers: readonly PodContainer[];
  /** Run one after another, as agent-stack-k8s has it; the first that fails is the last. */
  readonly containers: readonly PodContainer[];
  readonly hostname?: string;
  /** The machine's network, although pods have one of their own. */
  readonly hostNetwork: boolean;
  readonly hostAliases: readonly { readonly host: string; readonly ip: string }[];
  /** Volumes and processes get this group. */
  readonly fsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly graceSeconds?: number;
  readonly activeDeadlineSeconds?: number;
}

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly pullPolicy?: PullPolicy;
  /** Undefined: the image's own. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  /** In order: of `envFrom`, then of `env`. */
  readonly env: readonly EnvSource[];
  readonly mounts: readonly VolumeMount[];
  readonly security: ContainerSecurity;
  readonly resources: Resources;
  readonly sidecar: boolean;
  /** A sidecar is up when this succeeds; what comes after waits for it. Another container is stopped when it fails. */
  readonly startupProbe?: Probe;
  /** The container is stopped when this fails; a sidecar is started again then. */
  readonly livenessProbe?: Probe;
  /** Done as soon as the container's process has begun. When it fails, the container is stopped. */
  readonly postStart?: Hook;
  /** Done before the container is asked to end, within the grace period. Not when it ends by itself. */
  readonly preStop?: Hook;
}
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

export type EnvSource =
  | { readonly kind: "value"; readonly name: string; readonly value: string }
  | { readonly kind: "key"; readonly name: string; readonly of: ObjectName; readonly key: string }
  | { readonly kind: "all"; readonly prefix: string; readonly of: ObjectName }
  | { readonly kind: "field"; readonly name: string; readonly path: string }
  | { readonly kind: "resource"; readonly name: string; readonly resource: string; readonly divisor: number };

/** A config map or a secret. */
export interface ObjectName {
  readonly type: "configMap" | "secret";
  readonly name: string;
  /** What is not there counts as empty. */
  readonly optional: boolean;
}

export interface VolumeMount {
  readonly volume: string;
  readonly path: string;
  readonly readOnly: boolean;
  readonly subPath?: string;
  /** `$(NAME)` in it is replaced. */
  readonly subPathExpr?: string;
}

export type Volume =
  | { readonly kind: "emptyDir"; readonly memory: boolean; readonly sizeLimit?: number }
  | { readonly kind: "hostPath"; readonly path: string; readonly type: string }
  | { readonly kind: "claim"; readonly claim: string; readonly readOnly: boolean }
  | { readonly kind: "files"; readonly sources: readonly FileSource[]; readonly mode: number };
export type FileSource =
  | { readonly kind: "object"; readonly of: ObjectName; readonly items?: readonly FileItem[] }
  | { readonly kind: "field"; readonly item: FileItem; readonly path: string }
  | {
      readonly kind: "resource";
      readonly item: FileItem;
      readonly container: string;
      readonly resource: string;
      readonly divisor: number;
    };
export interface FileItem {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** Undefined is Kubernetes' default: unconfined. */
  readonly seccomp?: { readonly type: "RuntimeDefault" | "Unconfined" | "Localhost"; readonly profile: string };
  readonly unmaskedProc: boolean;
}

/** Amounts: bytes of memory, cores of CPU. */
export interface Resources {
  readonly memoryLimit?: number;
  readonly memoryRequest?: number;
  readonly cpuLimit?: number;
  readonly cpuRequest?: number;
  /** Of `ephemeral-storage`, for the downward API only. */
  readonly storageLimit?: number;
}

/** Asks a container whether it does well. */
export type Check =
  | { readonly kind: "exec"; readonly command: readonly string[] }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | {
      readonly kind: "http";
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly tls: boolean;
      readonly headers: readonly (readonly [name: string, value: string])[];
    };
export type Hook = Check | { readonly kind: "sleep"; readonly seconds: number };
export interface Probe {
  readonly check: Check;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  /** So many failures in a row count. */
  readonly failureThreshold: number;
}

/** What is wrong with a pod, or what this machine leaves out of it. `path` leads through the PodSpec: names of fields, indexes. */
export interface PodProblem {
  readonly severity: "error" | "warning";
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix: string;
}

/** Gives root file systems of images. Whoever composes the program has one. */
export interface Images {
  /**
   * A fresh, writable tree of the image. With `Always` the registry is asked what the name means now, with `IfNotPresent` an image that is here is
   * taken as it is, with `Never` nothing else. Throws what registries throw, with `Never` too when it is not here.
   */
  open(name: string, policy: PullPolicy, scope: Scope): Promise<ImageRoot>;
}
export interface ImageRoot extends AsyncDisposable {
  /** A mounted tree that only this container uses. */
  readonly path: string;
  /** What the image's tree is completed with. */
  readonly mounts: readonly StepMount[];
  readonly config: ImageDefaults;
}
export interface ImageDefaults {
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly user: string;
}

/** What stands in for the cluster. */
export interface PodSurroundings {
  readonly executor: Executor;
  readonly images: Images;
  /** A folder of this pod alone, on a file system that can be the upper one of overlayfs. The caller removes it, and unmounts what is in it. */
  readonly folder: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Values of a config map or secret by key; undefined when there is none of that name. */
  objectData(of: Pick<ObjectName, "type" | "name">): ReadonlyMap<string, Buffer> | undefined;
  /** The folder of a claim. */
  claimFolder(claim: string): Promise<string>;
  /** The folder of an emptyDir that is to outlive the pod; undefined for those that are not. */
  keptFolder(volume: string): Promise<string | undefined>;
  /** A seccomp profile of the machine (`Localhost`), by its path below the folder of them. */
  seccompProfile(name: string): Readonly<Record<string, unknown>> | undefined;
  /** More mounts of a container: the stand-in of what the controller would mount. */
  extraMounts(container: PodContainer): readonly StepMount[];
  /** More variables of a container, which win over its own. */
  extraEnv(container: PodContainer): ReadonlyMap<string, string>;
  /** `host`: the machine's network; else one for all containers of the pod: `none`: nothing but a loopback, `pod`: with a way out. */
  readonly network: "host" | "pod" | "none";
  /** Told before a container starts where its paths are on this machine. */
  placed?(container: PodContainer, hostPath: (path: string) => string): void;
  output(container: string, stream: 1 | 2, chunk: Uint8Array): void;
  event(event: PodEvent): void;
}
export type PodEvent =
  | { readonly kind: "started"; readonly container: string; readonly role: ContainerRole }
  | { readonly kind: "ended"; readonly container: string; readonly role: ContainerRole; readonly exitCode: number }
  | { readonly kind: "warning"; readonly text: string };
export type ContainerRole = "init" | "sidecar" | "main";

/** How the pod ended. */
export interface PodResult {
  /** 0, or that of the first container that failed; -1 when none could be run to an end. */
  readonly exitCode: number;
  /** The container whose exit code it is. */
  readonly container?: string;
  /** Why it failed, when an exit code alone does not say: `OOMKilled`, `DeadlineExceeded`, `InitContainerFailed`, `Evicted`, … */
  readonly reason?: string;
  /** One sentence about the reason. */
  readonly message?: string;
}
