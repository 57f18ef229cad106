import type { Digest } from "../../../kit/index.ts";
import { basePath, dirPath, isCooperError, joinPath } from "../../../kit/index.ts";
import { local, type NodeSource, type State } from "../../../llb/index.ts";
import type { Platform } from "../../../oci/index.ts";
import type { FrontendRef, SourceFile } from "../../contract.ts";
import { reworded } from "../parse/index.ts";
import type { MainContext } from "./main-context.ts";
import type { Solver } from "./solver.ts";

/** The Dockerfile, and how it got here. */
export interface Entrypoint {
  readonly data: Uint8Array;
  /** For the places that vertices come from. */
  readonly source: NodeSource;
  /** For errors and warnings. */
  readonly file: SourceFile;
  /** The vertex that warnings belong to. */
  readonly vertex: Digest | undefined;
  /** `NAME.dockerignore` beside it, which goes before `.dockerignore`. */
  readonly ignoreFile: { readonly name: string; readonly data: Uint8Array } | undefined;
}

/** Loads the Dockerfile. Throws `failed to read dockerfile: …`. */
export async function readEntrypoint(
  context: MainContext,
  options: { readonly sessionId: string; readonly platform: Platform },
  solver: Solver,
): Promise<Entrypoint> {
  const { filename } = context;
  const state = context.dockerfile ?? callerDockerfile(context, options.sessionId);
  const definition = solver.marshal(state, options.platform);
  const ref = await resolve(() => solver.solve(definition));
  const data = await readDockerfile(ref, filename, solver);
  const ignoreName = `${filename}.dockerignore`;
  const ignore = await optionalFile(ref, ignoreName, solver);
  const common = { filename, data, language: "Dockerfile" };
  return {
    data,
    source: { ...common, definition: definition.message },
    file: { ...common, definition: { definition: definition.bytes } },
    vertex: definition.head?.digest,
    ignoreFile: ignore && { name: ignoreName, data: ignore },
  };
}

function callerDockerfile(context: MainContext, sessionId: string): State {
  const { filename, dockerfileLocal } = context;
  const files = [filename, `${filename}.dockerignore`];
  if (basePath(filename) === "Dockerfile") files.push(lowerCaseName(filename));
  return local(dockerfileLocal, {
    sessionId,
    followPaths: files,
    sharedKeyHint: dockerfileLocal,
    customName: `[internal] load build definition from ${filename}`,
    noDiffer: true,
  });
}

async function resolve<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw reworded(error, (message) => `failed to resolve dockerfile: ${message}`);
  }
}

async function readDockerfile(ref: FrontendRef, filename: string, solver: Solver): Promise<Uint8Array> {
  try {
    return await solver.readFile(ref, filename);
  } catch (error) {
    const lower =
      basePath(filename) === "Dockerfile" ? await optionalFile(ref, lowerCaseName(filename), solver) : undefined;
    if (lower !== undefined) return lower;
    const missing = isCooperError(error, "frontend/not-found");
    throw reworded(
      error,
      (message) => `failed to read dockerfile: ${missing ? `open ${filename}: no such file or directory` : message}`,
    );
  }
}

async function optionalFile(ref: FrontendRef, name: string, solver: Solver): Promise<Uint8Array | undefined> {
  try {
    return await solver.readFile(ref, name);
  } catch (error) {
    if (solver.scope.signal.aborted) throw error;
    return undefined;
  }
}

function lowerCaseName(filename: string): string {
  return joinPath(dirPath(filename), "dockerfile");
}
