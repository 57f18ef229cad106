import { goQuote } from "../../../kit/index.ts";
import type { LintRule } from "./linter.ts";

const site = "https://docs.docker.com/go/dockerfile/rule/";

export const stageNameCasing: LintRule<[stage: string]> = {
  name: "StageNameCasing",
  description: "Stage names should be lowercase",
  url: `${site}stage-name-casing/`,
  format: (stage) => `Stage name '${stage}' should be lowercase`,
};

export const fromAsCasing: LintRule<[from: string, as: string]> = {
  name: "FromAsCasing",
  description: "The 'as' keyword should match the case of the 'from' keyword",
  url: `${site}from-as-casing/`,
  format: (from, as) => `'${as}' and '${from}' keywords' casing do not match`,
};

export const noEmptyContinuation: LintRule<[]> = {
  name: "NoEmptyContinuation",
  description: "Empty continuation lines will become errors in a future release",
  url: `${site}no-empty-continuation/`,
  format: () => "Empty continuation line",
};

export const consistentInstructionCasing: LintRule<[command: string, casing: string]> = {
  name: "ConsistentInstructionCasing",
  description: "All commands within the Dockerfile should use the same casing (either upper or lower)",
  url: `${site}consistent-instruction-casing/`,
  format: (command, casing) => `Command '${command}' should match the case of the command majority (${casing})`,
};

export const duplicateStageName: LintRule<[stage: string]> = {
  name: "DuplicateStageName",
  description: "Stage names should be unique",
  url: `${site}duplicate-stage-name/`,
  format: (stage) => `Duplicate stage name ${goQuote(stage)}, stage names should be unique`,
};

export const reservedStageName: LintRule<[stage: string]> = {
  name: "ReservedStageName",
  description: "Reserved words should not be used as stage names",
  url: `${site}reserved-stage-name/`,
  format: (stage) => `Stage name should not use the same name as reserved stage ${goQuote(stage)}`,
};

export const jsonArgsRecommended: LintRule<[instruction: string]> = {
  name: "JSONArgsRecommended",
  description: "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
  url: `${site}json-args-recommended/`,
  format: (instruction) =>
    `JSON arguments recommended for ${instruction} to prevent unintended behavior related to OS signals`,
};

export const maintainerDeprecated: LintRule<[]> = {
  name: "MaintainerDeprecated",
  description: "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
  url: `${site}maintainer-deprecated/`,
  format: () => "Maintainer instruction is deprecated in favor of using label",
};

/** `suggestion` "" when no declared argument is near. */
export const undefinedArgInFrom: LintRule<[argument: string, suggestion: string]> = {
  name: "UndefinedArgInFrom",
  description: "FROM command must use declared ARGs",
  url: `${site}undefined-arg-in-from/`,
  format: (argument, suggestion) =>
    `FROM argument '${argument}' is not declared${suggestion === "" ? "" : ` (did you mean ${suggestion}?)`}`,
};

export const workdirRelativePath: LintRule<[path: string]> = {
  name: "WorkdirRelativePath",
  description:
    "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes",
  url: `${site}workdir-relative-path/`,
  format: (path) => `Relative workdir ${goQuote(path)} can have unexpected results if the base image changes`,
};

/** `suggestion` "" when no defined variable is near. */
export const undefinedVar: LintRule<[variable: string, suggestion: string]> = {
  name: "UndefinedVar",
  description: "Variables should be defined before their use",
  url: `${site}undefined-var/`,
  format: (variable, suggestion) =>
    `Usage of undefined variable '$${variable}'${suggestion === "" ? "" : ` (did you mean $${suggestion}?)`}`,
};

export const multipleInstructionsDisallowed: LintRule<[instruction: string]> = {
  name: "MultipleInstructionsDisallowed",
  description: "Multiple instructions of the same type should not be used in the same stage",
  url: `${site}multiple-instructions-disallowed/`,
  format: (instruction) =>
    `Multiple ${instruction} instructions should not be used in the same stage because only the last one will be used`,
};

export const legacyKeyValueFormat: LintRule<[command: string]> = {
  name: "LegacyKeyValueFormat",
  description: "Legacy key/value format with whitespace separator should not be used",
  url: `${site}legacy-key-value-format/`,
  format: (command) => `"${command} key=value" should be used instead of legacy "${command} key value" format`,
};

/** The only rule that upstream gives no page. */
export const invalidBaseImagePlatform: LintRule<[image: string, expected: string, actual: string]> = {
  name: "InvalidBaseImagePlatform",
  description: "Base image platform does not match expected target platform",
  url: "",
  format: (image, expected, actual) =>
    `Base image ${image} was pulled with platform ${goQuote(actual)}, expected ${goQuote(expected)} for current build`,
};

export const redundantTargetPlatform: LintRule<[variable: string]> = {
  name: "RedundantTargetPlatform",
  description: "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
  url: `${site}redundant-target-platform/`,
  format: (variable) =>
    `Setting platform to predefined ${variable} in FROM is redundant as this is the default behavior`,
};

export const secretsUsedInArgOrEnv: LintRule<[instruction: string, key: string]> = {
  name: "SecretsUsedInArgOrEnv",
  description: "Sensitive data should not be used in the ARG or ENV commands",
  url: `${site}secrets-used-in-arg-or-env/`,
  format: (instruction, key) =>
    `Do not use ARG or ENV instructions for sensitive data (${instruction} ${goQuote(key)})`,
};

export const invalidDefaultArgInFrom: LintRule<[baseName: string]> = {
  name: "InvalidDefaultArgInFrom",
  description: "Default value for global ARG results in an empty or invalid base image name",
  url: `${site}invalid-default-arg-in-from/`,
  format: (baseName) => `Default value for ARG ${baseName} results in empty or invalid base image name`,
};

export const fromPlatformFlagConstDisallowed: LintRule<[platform: string]> = {
  name: "FromPlatformFlagConstDisallowed",
  description: "FROM --platform flag should not use a constant value",
  url: `${site}from-platform-flag-const-disallowed/`,
  format: (platform) => `FROM --platform flag should not use constant value ${goQuote(platform)}`,
};

/** `command` is `Copy` or `Add`. */
export const copyIgnoredFile: LintRule<[command: string, file: string]> = {
  name: "CopyIgnoredFile",
  description: "Attempting to Copy file that is excluded by .dockerignore",
  url: `${site}copy-ignored-file/`,
  format: (command, file) => `Attempting to ${command} file ${goQuote(file)} that is excluded by .dockerignore`,
};

export const invalidDefinitionDescription: LintRule<[instruction: string, name: string]> = {
  name: "InvalidDefinitionDescription",
  description:
    "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.",
  url: `${site}invalid-definition-description/`,
  experimental: true,
  format: (instruction, name) => `Comment for ${instruction} should follow the format: \`# ${name} <description>\``,
};

export const exposeProtoCasing: LintRule<[port: string]> = {
  name: "ExposeProtoCasing",
  description: "Protocol in EXPOSE instruction should be lowercase",
  url: `${site}expose-proto-casing/`,
  format: (port) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
};

export const exposeInvalidFormat: LintRule<[port: string]> = {
  name: "ExposeInvalidFormat",
  description:
    "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release",
  url: `${site}expose-invalid-format/`,
  format: (port) => `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
};
