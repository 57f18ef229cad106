import type { BuildContext, Job, PlanNode } from "../expand/contract.ts";
import { toPlain } from "../yaml/value.ts";

/** Where a build would be seen, if it were Buildkite's. */
export function buildUrl(build: BuildContext): string {
  return `https://buildkite.com/${build.organizationSlug}/${build.pipelineSlug}/builds/${build.number}`;
}

/** The variables that Buildkite gives every job of a build (https://buildkite.com/docs/pipelines/configure/environment-variables). */
export function buildEnvironment(build: BuildContext): Record<string, string> {
  return {
    BUILDKITE: "true",
    CI: "true",
    BUILDKITE_BRANCH: build.branch,
    BUILDKITE_BUILD_AUTHOR: build.author.name,
    BUILDKITE_BUILD_AUTHOR_EMAIL: build.author.email,
    BUILDKITE_BUILD_CREATOR: build.author.name,
    BUILDKITE_BUILD_CREATOR_EMAIL: build.author.email,
    BUILDKITE_BUILD_ID: build.id,
    BUILDKITE_BUILD_NUMBER: String(build.number),
    BUILDKITE_BUILD_URL: buildUrl(build),
    BUILDKITE_COMMIT: build.commit,
    BUILDKITE_MESSAGE: build.message,
    BUILDKITE_ORGANIZATION_SLUG: build.organizationSlug,
    BUILDKITE_PIPELINE_DEFAULT_BRANCH: build.defaultBranch,
    BUILDKITE_PIPELINE_NAME: build.pipelineSlug,
    BUILDKITE_PIPELINE_PROVIDER: "git",
    BUILDKITE_PIPELINE_SLUG: build.pipelineSlug,
    BUILDKITE_PROJECT_PROVIDER: "git",
    BUILDKITE_PROJECT_SLUG: `${build.organizationSlug}/${build.pipelineSlug}`,
    BUILDKITE_PULL_REQUEST: "false",
    BUILDKITE_PULL_REQUEST_BASE_BRANCH: "",
    BUILDKITE_PULL_REQUEST_REPO: "",
    BUILDKITE_REBUILT_FROM_BUILD_ID: "",
    BUILDKITE_REBUILT_FROM_BUILD_NUMBER: "",
    BUILDKITE_REPO: build.repository,
    BUILDKITE_SOURCE: build.source,
    BUILDKITE_TAG: build.tag,
    BUILDKITE_TRIGGERED_FROM_BUILD_ID: "",
  };
}

/**
 * All variables of one job: Buildkite's, then the pipeline's and the step's, with matrix values put in; secrets are not among them.
 * `retries`: how often the job ran before.
 */
export function jobEnvironment(build: BuildContext, node: PlanNode, job: Job, retries = 0): Record<string, string> {
  const { group } = node;
  return {
    ...buildEnvironment(build),
    ...Object.fromEntries(job.env.map(({ name, value }) => [name, value])),
    BUILDKITE_AGENT_META_DATA_QUEUE: job.agents.get("queue") ?? "default",
    BUILDKITE_ARTIFACT_PATHS: job.artifactPaths.join(";"),
    BUILDKITE_COMMAND: job.command,
    BUILDKITE_JOB_ID: job.id,
    BUILDKITE_LABEL: job.label,
    BUILDKITE_PLUGINS: pluginsText(job),
    BUILDKITE_RETRY_COUNT: String(retries),
    BUILDKITE_STEP_ID: job.stepId,
    BUILDKITE_STEP_KEY: node.key ?? "",
    BUILDKITE_TIMEOUT: job.step.timeoutInMinutes === undefined ? "false" : String(job.step.timeoutInMinutes),
    ...(group !== undefined && { BUILDKITE_GROUP_LABEL: group.label, BUILDKITE_GROUP_KEY: group.key ?? "" }),
    ...(job.image !== undefined && { BUILDKITE_IMAGE: job.image }),
    ...(job.parallel !== undefined && {
      BUILDKITE_PARALLEL_JOB: String(job.parallel.index),
      BUILDKITE_PARALLEL_JOB_COUNT: String(job.parallel.count),
    }),
  };
}

function pluginsText({ plugins }: Job): string {
  return plugins.length === 0
    ? ""
    : JSON.stringify(plugins.map(({ source, config }) => ({ [source]: toPlain(config) })));
}
