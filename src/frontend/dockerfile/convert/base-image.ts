import { CooperError, goQuote } from "../../../kit/index.ts";
import { image, scratch } from "../../../llb/index.ts";
import {
  canonicalReference,
  formatPlatformAll,
  formatReference,
  type ImageConfig,
  type Platform,
  parseImageConfig,
  parseReference,
  withDigest,
} from "../../../oci/index.ts";
import { type LoadedContext, withoutCreated } from "../context/named-context.ts";
import { locate, reworded, type Suspicion } from "../parse/index.ts";
import { withSuggestion } from "../parse/messages.ts";
import { checkBaseImagePlatform } from "./checks.ts";
import { type Conversion, locationIn } from "./context.ts";
import { emptyImage } from "./image.ts";
import { noEnvironment, stepName } from "./names.ts";
import type { StageState } from "./stage.ts";

/**
 * Finds out what a stage's FROM stands for: scratch, a named context or an image. A stage that is not reachable only has
 * its name checked. Throws located errors.
 */
export async function resolveBase(stage: StageState, reachable: boolean, conversion: Conversion): Promise<void> {
  stage.resolved = reachable;
  if (stage.baseName === "scratch" && stage.namedContext === undefined) {
    startFromScratch(stage, conversion);
    return;
  }
  try {
    await resolveImageOrContext(stage, reachable, conversion);
  } catch (error) {
    throw locate(error, conversion.file, stage.stage.location, suspicionOf(stage));
  } finally {
    if (stage.unregistered) stage.dispatched = true;
  }
}

/** The name as FROM has it, or as COPY and mounts do. */
function suspicionOf({ stage, unregistered, usedAt }: StageState): Suspicion {
  const { baseName, location } = stage;
  if (!unregistered) return { blamed: [baseName] };
  return { blamed: [`--from=${baseName}`, `from=${baseName}`], lines: usedAt ?? location };
}

function startFromScratch(stage: StageState, { targetPlatform }: Conversion): void {
  stage.state = scratch();
  stage.image = emptyImage(targetPlatform);
  stage.platform = targetPlatform;
  if (stage.unregistered) stage.dispatched = true;
}

async function resolveImageOrContext(stage: StageState, reachable: boolean, conversion: Conversion): Promise<void> {
  const name = stage.baseName;
  stage.baseName = canonicalName(name);
  const platform = stage.platform ?? conversion.targetPlatform;
  if (!reachable) return startFromImage(stage, platform, conversion);
  if (stage.namedContext !== undefined) return startFromStageContext(stage, await stage.namedContext.load());
  const context = conversion.namedContext(stage.baseName, {
    platform,
    resolveMode: conversion.options.imageResolveMode,
    paths: () => stage.wantedPaths(),
  });
  if (context !== undefined) return startFromContext(stage, await context.load(), platform);
  const found = await findImage(stage, name, platform, conversion);
  stage.baseName = found.ref;
  stage.baseImage = found.config;
  stage.image = withoutCreated(found.config);
  const detected = stage.platform === undefined && conversion.implicitPlatform;
  const actual = detected ? imagePlatform(found.config, platform, conversion.options.buildPlatforms) : platform;
  if (isEmptyImage(found.config)) {
    stage.state = scratch();
    stage.platform = actual;
    return;
  }
  startFromImage(stage, actual, conversion);
  checkBaseImagePlatform(name, actual, stage.image.platform, stage.stage.location, conversion.linter);
}

function canonicalName(name: string): string {
  try {
    return canonicalReference(name);
  } catch (error) {
    throw reworded(error, (message) => `failed to parse stage name ${goQuote(name)}: ${message}`);
  }
}

/** A stage whose own name is a named context: nothing of it is built. */
function startFromStageContext(stage: StageState, { state, image: config }: LoadedContext): void {
  stage.dispatched = true;
  stage.state = state;
  if (config === undefined) return;
  stage.image = withoutCreated(config);
  if (config.platform.architecture !== "" && config.platform.os !== "") stage.platform = config.platform;
}

function startFromContext(stage: StageState, { state, image: config }: LoadedContext, platform: Platform): void {
  stage.baseImage = config ?? emptyImage(platform);
  stage.image = withoutCreated(stage.baseImage);
  stage.state = state.withPlatform(platform);
  stage.platform = platform;
}

function startFromImage(stage: StageState, platform: Platform, conversion: Conversion): void {
  const { options } = conversion;
  const shown = options.multiPlatform ? platform : undefined;
  stage.state = image(stage.baseName, {
    platform,
    resolveMode: options.imageResolveMode,
    description: { "com.docker.dockerfile.v1.command": stage.stage.code },
    customName: stepName(stage, `FROM ${stage.baseName}`, shown, noEnvironment),
    location: locationIn(conversion, stage.stage.location),
  });
  stage.platform = platform;
}

async function findImage(
  stage: StageState,
  name: string,
  platform: Platform,
  conversion: Conversion,
): Promise<{ ref: string; config: ImageConfig }> {
  const { options, solver, stages } = conversion;
  const where = options.multiPlatform ? `${formatPlatformAll(platform)} ` : "";
  try {
    const resolved = await solver.resolveImage(stage.baseName, {
      platform,
      mode: options.imageResolveMode,
      logName: `[${where}internal] load metadata for ${stage.baseName}`,
    });
    return {
      ref: formatReference(withDigest(parseReference(resolved.ref), resolved.digest)),
      config: parse(resolved.config),
    };
  } catch (error) {
    if (error instanceof CooperError && error.code === "dockerfile/bad-image-config") throw error;
    const options = [...stages.names(), ...commonImages];
    throw reworded(error, (message) => withSuggestion(`${name}: ${message}`, name, options, true));
  }
}

function parse(bytes: Uint8Array): ImageConfig {
  try {
    return parseImageConfig(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CooperError("dockerfile/bad-image-config", `failed to parse image config: ${message}`, { cause });
  }
}

const commonImages = ["alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"].flatMap((name) => [
  name,
  `docker.io/library${name}`,
  `${name}:latest`,
  `docker.io/library${name}:latest`,
]);

/** The wanted platform, unless the image is of another one that can be built on here. */
function imagePlatform({ platform: actual }: ImageConfig, wanted: Platform, supported: readonly Platform[]): Platform {
  const same = (platform: Platform) => platform.os === actual.os && platform.architecture === actual.architecture;
  return same(wanted) ? wanted : (supported.find(same) ?? wanted);
}

/** No layers: then neither a source nor a step for it. Very old images have no list of layers, only history. */
function isEmptyImage({ diffIds = [], history }: ImageConfig): boolean {
  return diffIds.length === 0 && history.every(({ emptyLayer }) => emptyLayer === true);
}
