import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { errnoOf, isCooperError, messageOf, pathInside, type Scope, withChildScope } from "../../kit/index.ts";
import type { PodResult } from "../../pod/index.ts";
import { jobEnvironment } from "../build/job-environment.ts";
import type { Job, PlanNode } from "../expand/contract.ts";
import { isKubernetesPlugin, isVersionedKubernetesPlugin } from "../steps/plugins.ts";
import { answerCall, type CallingJob } from "./agent/commands.ts";
import { type AgentServer, startAgent } from "./agent/server.ts";
import { runsInPod } from "./check-pods.ts";
import type { Attempt, JobResult, RunOptions } from "./contract.ts";
import { runHostJob } from "./host-job.ts";
import { JobLog } from "./job-log.ts";
import { localPod } from "./local-pod.ts";
import { runPodJob } from "./pod-job.ts";
import { Redactor } from "./redactor.ts";
import { failsSoftly, retryRule } from "./retry.ts";

/** What jobs of one run share. */
export interface JobHome {
  readonly options: RunOptions;
  /** The working tree. */
  readonly folder: string;
  /** A folder of this run, for what only lives as long. */
  readonly scratch: string;
  readonly state: CallingJob["build"];
  upload: CallingJob["upload"];
  outcome: CallingJob["outcome"];
}

/** Runs a job until it passes, or no rule lets it be run again. Never rejects: what fails is in the result. */
export async function runJob(job: Job, node: PlanNode, label: string, home: JobHome, scope: Scope): Promise<JobResult> {
  const started = Date.now();
  const used = new Map<Job["step"]["retry"]["automatic"][number], number>();
  for (let attempts = 1; ; attempts++) {
    const one = new JobRun(job, node, label, home, attempts);
    const attempt = await one.run(scope);
    const rule = scope.signal.aborted ? undefined : retryRule(attempt, job.step.retry.automatic, used);
    if (rule === undefined) return resultOf(job, label, attempt, attempts, started, scope);
    used.set(rule, (used.get(rule) ?? 0) + 1);
    home.options.log({
      kind: "note",
      job: label,
      text: `ended with exit code ${attempt.exitCode}: running it again (${used.get(rule)} of ${rule.limit})`,
    });
  }
}

function resultOf(
  job: Job,
  label: string,
  attempt: Attempt,
  attempts: number,
  started: number,
  scope: Scope,
): JobResult {
  const soft = failsSoftly(job.softFail, attempt.exitCode);
  const state = attempt.exitCode === 0 ? "passed" : scope.signal.aborted ? "canceled" : soft ? "soft_failed" : "failed";
  return {
    id: job.id,
    label,
    state,
    exitCode: attempt.exitCode,
    attempts,
    seconds: Math.round((Date.now() - started) / 10) / 100,
    ...(attempt.reason !== undefined && { reason: attempt.reason }),
  };
}

/** One attempt. */
class JobRun {
  readonly #job: Job;
  readonly #node: PlanNode;
  readonly #label: string;
  readonly #home: JobHome;
  readonly #attempt: number;
  readonly #redactor = new Redactor();
  readonly #env: Map<string, string>;
  readonly #places = new Map<string, (path: string) => string>();

  constructor(job: Job, node: PlanNode, label: string, home: JobHome, attempt: number) {
    this.#job = job;
    this.#node = node;
    this.#label = label;
    this.#home = home;
    this.#attempt = attempt;
    this.#env = this.#variables();
    this.#redactor.addVariables(Object.fromEntries(this.#env));
  }

  #variables(): Map<string, string> {
    const { options } = this.#home;
    const env = new Map(Object.entries(jobEnvironment(options.build, this.#node, this.#job, this.#attempt - 1)));
    for (const [name, value] of options.env) env.set(name, value);
    env.set("BUILDKITE_AGENT_NAME", "cooper");
    env.set("BUILDKITE_AGENT_ID", options.build.id);
    for (const { name, secret } of this.#job.secrets) {
      const value = options.secrets.get(secret);
      if (value === undefined) {
        this.#warn(`no secret ${JSON.stringify(secret)} was given for ${name}: add it to the file of --secrets`);
        continue;
      }
      env.set(name, value);
      this.#redactor.add(value);
    }
    return env;
  }

  async run(scope: Scope): Promise<Attempt> {
    const minutes = this.#job.step.timeoutInMinutes;
    try {
      return await withChildScope(scope, async (child, stop) => {
        let timedOut = false;
        const onTime = () => {
          timedOut = true;
          this.#note(`timed out after ${minutes} min: stopping it`);
          stop(new Error("timed out"));
        };
        const timer =
          minutes === undefined
            ? undefined
            : setTimeout(onTime, Math.min(minutes * this.#home.options.minute, 2 ** 31 - 1));
        try {
          return this.#attemptOf(await this.#command(child), timedOut, scope);
        } catch (error) {
          if (timedOut) return this.#attemptOf({ exitCode: -1, reason: "timed out before it began" }, true, scope);
          throw error;
        } finally {
          clearTimeout(timer);
        }
      });
    } catch (error) {
      if (!scope.signal.aborted)
        this.#warn(
          `cannot run: ${messageOf(error)}${isCooperError(error) && error.hint !== undefined ? ` (${error.hint})` : ""}`,
        );
      const reason = messageOf(error);
      return {
        exitCode: -1,
        signalReason: scope.signal.aborted ? "cancel" : "process_run_error",
        timedOut: false,
        reason,
      };
    }
  }

  #attemptOf(
    { exitCode, reason, message }: Partial<PodResult> & { exitCode: number },
    timedOut: boolean,
    scope: Scope,
  ): Attempt {
    const name = exitCode > 128 && exitCode <= 128 + 64 ? signalName(exitCode - 128) : undefined;
    const why = timedOut ? "timed out" : reason === "Stopped" ? undefined : (message ?? reason);
    if (why !== undefined && !timedOut) this.#warn(`${reason}: ${message ?? ""}`.replace(/: $/, ""));
    return {
      exitCode,
      timedOut,
      signalReason: timedOut || scope.signal.aborted ? "cancel" : "none",
      ...(name !== undefined && { signal: name }),
      ...(why !== undefined && { reason: why }),
    };
  }

  /** The command, and then its artifacts, whatever became of it. */
  async #command(scope: Scope): Promise<Partial<PodResult> & { exitCode: number }> {
    const { scratch } = this.#home;
    using agent = startAgent(join(scratch, `agent-${this.#job.id}-${this.#attempt}`), (call) =>
      answerCall(call, this.#calling()),
    );
    this.#places.set("", linksFollowed);
    for (const plugin of this.#job.plugins) {
      if (isKubernetesPlugin(plugin)) continue;
      const hint = isVersionedKubernetesPlugin(plugin) ? ", and agent-stack-k8s knows it without a version" : "";
      this.#warn(`plugin ${plugin.name} is not run here: only the kubernetes plugin is${hint}`);
    }
    const result = runsInPod(this.#job) ? await this.#inPod(agent, scope) : await this.#onHost(agent, scope);
    const paths = this.#job.artifactPaths.join(";");
    if (paths !== "") await this.#upload(paths);
    return result;
  }

  async #inPod(agent: AgentServer, scope: Scope): Promise<PodResult> {
    const pod = localPod(this.#job, Object.fromEntries(this.#env));
    const many =
      (pod.spec.containers as readonly unknown[]).length > 1 ||
      ((pod.spec.initContainers ?? []) as readonly unknown[]).length > 0;
    const logs = new Map<string, JobLog>();
    const logOf = (container: string) => {
      const known = logs.get(container) ?? this.#log(many ? `${this.#label}/${container}` : this.#label);
      logs.set(container, known);
      return known;
    };
    try {
      return await runPodJob(
        {
          id: this.#job.id,
          pod,
          options: this.#home.options,
          folder: this.#home.folder,
          agent,
          env: this.#env,
          placed: (container, hostPath) => this.#places.set(container, hostPath),
          output: (container, stream, chunk) => logOf(container).bytes(String(stream), chunk),
          note: (text) => this.#note(text),
          warn: (text) => this.#warn(text),
        },
        scope,
      );
    } finally {
      for (const log of logs.values()) log.end();
    }
  }

  async #onHost(agent: AgentServer, scope: Scope): Promise<{ exitCode: number }> {
    if (this.#job.command.trim() === "") {
      this.#note("nothing to run: the step has no command, and its plugins are not run here");
      return { exitCode: 0 };
    }
    const { folder, options } = this.#home;
    const log = this.#log(this.#label);
    const env = {
      ...options.callerEnv,
      ...Object.fromEntries(this.#env),
      PATH: `${options.callerEnv.PATH ?? "/usr/bin:/bin"}:${agent.folder}`,
      BUILDKITE_BUILD_CHECKOUT_PATH: folder,
      COOPER_AGENT_DIR: agent.folder,
    };
    try {
      return {
        exitCode: await runHostJob(
          { command: this.#job.command, folder, env, output: (stream, chunk) => log.bytes(String(stream), chunk) },
          scope,
        ),
      };
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return { exitCode: 127 };
    } finally {
      log.end();
    }
  }

  /** Below the working tree; absolute paths are the last container's. */
  async #upload(globs: string): Promise<void> {
    const { folder } = this.#home;
    const place = [...this.#places].findLast(([container]) => container !== "")?.[1] ?? ((path: string) => path);
    const hostPath = (path: string) =>
      path === folder || path.startsWith(`${folder}/`) ? insideTree(folder, path) : place(path);
    const job = { id: this.#job.id, key: this.#node.key ?? "" };
    try {
      const taken = await this.#home.state.artifacts.upload(globs, folder, hostPath, job);
      const which = taken.slice(0, 10).join(", ");
      this.#note(
        taken.length === 0 ? `no files fit artifact_paths ${globs}` : `kept ${taken.length} artifacts: ${which}`,
      );
    } catch (error) {
      this.#warn(`cannot keep the artifacts of ${globs}: ${messageOf(error)}`);
    }
  }

  #calling(): CallingJob {
    const { state, options, upload, outcome } = this.#home;
    return {
      job: this.#job,
      node: this.#node,
      build: state,
      redactor: this.#redactor,
      secrets: options.secrets,
      env: this.#env,
      hostPath: (container, path) => (this.#places.get(container) ?? ((same: string) => same))(path),
      upload,
      outcome,
      note: (text) => this.#note(text),
    };
  }

  #log(name: string): JobLog {
    return new JobLog(this.#redactor, (text) => this.#home.options.log({ kind: "job", job: name, text }));
  }

  #note(text: string): void {
    this.#home.options.log({ kind: "note", job: this.#label, text: this.#redactor.redact(text) });
  }

  #warn(text: string): void {
    this.#home.options.log({ kind: "warning", job: this.#label, text: this.#redactor.redact(text) });
  }
}

/** A command on this machine sees this machine's links. */
function linksFollowed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Links that a pod left in the tree lead nowhere else. */
function insideTree(folder: string, path: string): string {
  return pathInside(folder, path.slice(folder.length));
}

function signalName(number: number): string | undefined {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0].replace(/^SIG/, "").toLowerCase();
}
