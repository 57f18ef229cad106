import { CooperError } from "../kit/index.ts";
import type { DefinitionVertex, SourceOp } from "../llb/index.ts";
import type { Platform } from "../oci/index.ts";
import {
  blobSource,
  buildOp,
  diffOp,
  type ExecTools,
  execOp,
  fileOp,
  gitSource,
  httpSource,
  type ImageResolver,
  imageSource,
  localSource,
  mergeOp,
  type OpScope,
  ociLayoutSource,
  passthroughOp,
  type Ref,
  type SourceAnswers,
} from "../ops/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { Op } from "../solver/index.ts";
import type { EngineScope } from "./engine-scope.ts";
import { type Materialise, withPulledInputs } from "./pulled-inputs.ts";

export interface OpTools extends ExecTools {
  readonly materialise: Materialise;
  readonly registry: RegistryClient;
}

/** The op that a vertex of a definition stands for. Throws `engine/not-supported`. */
export function makeOp(
  vertex: DefinitionVertex,
  images: ImageResolver,
  answers: SourceAnswers,
  tools: OpTools,
): Op<Ref, EngineScope> {
  const inputs = vertex.op.inputs.map(({ digest }) => digest);
  return withPulledInputs(plainOp(vertex, images, answers, tools), inputs, tools.storage.snapshots, tools.materialise);
}

function plainOp(
  { op, metadata }: DefinitionVertex,
  images: ImageResolver,
  answers: SourceAnswers,
  tools: OpTools,
): Op<Ref, OpScope> {
  const { body, platform } = op;
  const { storage } = tools;
  const inputCount = op.inputs.length;
  switch (body.kind) {
    case "source":
      return sourceOp(body, platform, images, answers, tools);
    case "exec": {
      const { linuxResources: limits } = metadata;
      return execOp(body, { inputCount, ...(platform && { platform }), ...(limits && { limits }) }, tools);
    }
    case "file":
      return fileOp(body, inputCount, storage);
    case "merge":
      return mergeOp(storage);
    case "diff":
      return diffOp(body, storage);
    case "passthrough":
      return passthroughOp(body);
    case "build":
      return buildOp(body, inputCount, storage);
  }
}

function sourceOp(
  { identifier, attrs }: SourceOp,
  platform: Platform | undefined,
  images: ImageResolver,
  answers: SourceAnswers,
  { storage, registry }: OpTools,
): Op<Ref, OpScope> {
  const scheme = identifier.slice(0, identifier.indexOf("://"));
  switch (scheme) {
    case "docker-image":
      return imageSource(identifier, attrs, platform, images);
    case "oci-layout":
      return ociLayoutSource(identifier, attrs, platform, images);
    case "docker-image+blob":
    case "oci-layout+blob":
      return blobSource(identifier, attrs, storage, registry);
    case "local":
      return localSource(identifier, attrs);
    case "git":
      return gitSource(identifier, attrs, storage, answers, registry);
    case "http":
    case "https":
      return httpSource(identifier, attrs, storage, answers);
    default:
      throw notSupported(`source ${JSON.stringify(identifier)} is`);
  }
}

function notSupported(what: string): CooperError {
  return new CooperError("engine/not-supported", `${what} not supported yet`);
}
