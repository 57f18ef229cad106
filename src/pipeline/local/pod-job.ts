import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StepMount } from "../../executor/index.ts";
import { CooperError, errnoOf, type Scope } from "../../kit/index.ts";
import {
  type Images,
  type PodContainer,
  type PodResult,
  type PodSurroundings,
  readPod,
  runPod,
} from "../../pod/index.ts";
import type { AgentServer } from "./agent/server.ts";
import type { RunOptions } from "./contract.ts";
import type { LocalPod } from "./local-pod.ts";
import { readObjectData } from "./object-data.ts";
import { withSelfImage } from "./self-image.ts";
import { agentFolder, checkoutFolder, supervisor } from "./supervisor.ts";

/** What a job's pod is run with. */
export interface PodJob {
  readonly id: string;
  readonly pod: LocalPod;
  readonly options: RunOptions;
  /** The working tree. */
  readonly folder: string;
  readonly agent: AgentServer;
  /** The job's variables; read when a container starts. */
  readonly env: ReadonlyMap<string, string>;
  placed(container: string, hostPath: (path: string) => string): void;
  output(container: string, stream: 1 | 2, chunk: Uint8Array): void;
  note(text: string): void;
  warn(text: string): void;
}

/** Runs it. Throws `pipeline/bad-pod` for a pod that this machine cannot run, and what `runPod` throws. */
export async function runPodJob(job: PodJob, scope: Scope): Promise<PodResult> {
  // Problems were told when the pipeline was read.
  const { pod, problems } = readPod(withSupervisors(job.pod));
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const message = errors.map((error) => error.message).join("; ");
    throw new CooperError("pipeline/bad-pod", `cannot run the pod: ${message}`, { hint: errors[0]?.fix });
  }
  const tools = await job.options.tools();
  await using folder = await tools.storage.temporaryFolder("pod");
  await using around = await surroundings(job, tools, folder.path);
  return await runPod(pod, around, scope);
}

/** The command of each command container, run in the checkout by a shell. */
function withSupervisors({ spec, commands }: LocalPod): unknown {
  const containers = (spec.containers ?? []) as readonly Record<string, unknown>[];
  return {
    ...spec,
    containers: containers.map((container) => {
      const command = commands.get(String(container.name));
      if (command === undefined) return container;
      // A kubelet would expand `$(…)` in these words; they are the shell's.
      const words = ["/bin/sh", "-c", supervisor, "cooper"].map(literal);
      return { ...container, command: words, args: [literal(command)], workingDir: "/" };
    }),
  };
}

function literal(word: string): string {
  return word.replaceAll("$", () => "$$");
}

async function surroundings(
  job: PodJob,
  tools: Awaited<ReturnType<RunOptions["tools"]>>,
  folder: string,
): Promise<PodSurroundings & AsyncDisposable> {
  const { options } = job;
  const isCommand = (container: PodContainer) => job.pod.commands.has(container.name);
  const pulled = withNotes(tools.images, job);
  const keptFolder = (name: string) => tools.storage.keptFolder("step-volume", `${options.build.pipelineSlug}/${name}`);
  return {
    executor: await tools.executor(),
    images: options.realImages ? pulled : withSelfImage(pulled, tools.storage),
    folder,
    name: `buildkite-${job.id}`,
    namespace: "buildkite",
    uid: job.id,
    labels: job.pod.labels,
    annotations: job.pod.annotations,
    network: options.network,
    objectData: ({ type, name }) => {
      const path = (type === "secret" ? options.podSecrets : options.configMaps).get(name);
      return path === undefined ? undefined : readObjectData(path);
    },
    claimFolder: async (claim) => options.claims.get(claim) ?? (await tools.storage.keptFolder("step-claim", claim)),
    keptFolder: async (volume) => (options.keepVolumes.includes(volume) ? await keptFolder(volume) : undefined),
    seccompProfile: (name) => readProfile(options.seccompFolder, name),
    extraMounts: (container) => extraMounts(container, job, isCommand(container)),
    extraEnv: (container) => (isCommand(container) ? jobEnv(container, job) : new Map()),
    placed: (container, hostPath) => job.placed(container.name, hostPath),
    output: (container, stream, chunk) => job.output(container, stream, chunk),
    event: (event) => {
      if (event.kind === "warning") job.warn(event.text);
      else if (event.kind === "ended" && event.role !== "main")
        job.note(`${event.role} container ${event.container} ended with exit code ${event.exitCode}`);
    },
    [Symbol.asyncDispose]: async () => {
      const { unmountBelow } = await import("./unmount.ts");
      unmountBelow(folder);
    },
  };
}

/** A pull that takes a while is said. */
function withNotes(images: Images, job: PodJob): Images {
  return {
    open: async (name, policy, scope) => {
      const timer = setTimeout(() => job.note(`pulling ${name}`), 1000);
      try {
        return await images.open(name, policy, scope);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The working tree where containers have the workspace, and the agent's stand-in where commands run. */
function extraMounts(container: PodContainer, job: PodJob, isCommand: boolean): readonly StepMount[] {
  const workspace = container.mounts.some(({ path }) => path === "/workspace");
  return [
    ...(workspace && job.pod.checkout ? [bind(job.folder, checkoutFolder)] : []),
    ...(isCommand ? [bind(job.agent.folder, agentFolder)] : []),
  ];
}

function bind(source: string, target: string): StepMount {
  return { kind: "bind", source, target, readonly: false };
}

/** What a container keeps of its own although the job has a variable of that name, as the agent has it. */
const containersOwn =
  /^(BUILDKITE_BOOTSTRAP_PHASES|BUILDKITE_COMMAND|BUILDKITE_CONTAINER_ID|BUILDKITE_SOCKETS_PATH|HOME|HOSTNAME|PATH|PWD|SHLVL|TERM|KUBERNETES_.*)$/;

function jobEnv(container: PodContainer, job: PodJob): ReadonlyMap<string, string> {
  const ownShell = container.env.some((source) => "name" in source && source.name === "BUILDKITE_SHELL");
  const taken = [...job.env].filter(([name]) => !containersOwn.test(name) && !(ownShell && name === "BUILDKITE_SHELL"));
  return new Map([
    ...taken,
    ["BUILDKITE_BUILD_PATH", "/workspace/build"],
    ["BUILDKITE_BUILD_CHECKOUT_PATH", checkoutFolder],
    ["COOPER_CHECKOUT", job.pod.checkout ? checkoutFolder : "/workspace"],
    ["COOPER_AGENT_DIR", agentFolder],
    ["COOPER_CONTAINER", container.name],
    // The working tree is its owner's, and the container may run as somebody else.
    ["GIT_CONFIG_COUNT", "1"],
    ["GIT_CONFIG_KEY_0", "safe.directory"],
    ["GIT_CONFIG_VALUE_0", "*"],
  ]);
}

function readProfile(folder: string, name: string): Readonly<Record<string, unknown>> | undefined {
  const path = resolve(folder, name);
  if (!path.startsWith(`${resolve(folder)}/`)) return undefined;
  try {
    return JSON.parse(readFileSync(join(path), "utf8")) as Record<string, unknown>;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
