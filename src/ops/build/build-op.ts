import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { CooperError, errnoOf, pathInside, sha256Fields } from "../../kit/index.ts";
import type { BuildOp } from "../../llb/index.ts";
import type { Op } from "../../solver/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { folderSnapshot } from "../folder-snapshot.ts";
import { openTree } from "../open-tree.ts";

/** Upstream's names. */
const definitionInput = "buildkit.llb.definition";
const fileAttribute = "llbbuild.filename";
/** Upstream's limit of a definition, in bytes. */
const largestDefinition = 100 * 1024 * 1024;

/**
 * `BuildOp`: its output is what a definition stands for that is a file of one of its inputs. Throws `ops/bad-build`, and what solving the
 * definition throws.
 */
export function buildOp(body: BuildOp, inputCount: number, storage: Storage): Op<Ref, OpScope> {
  return {
    recipe: async () => ({
      digest: sha256Fields(
        "build",
        String(body.builder),
        JSON.stringify([...body.inputs]),
        JSON.stringify([...body.attrs]),
      ),
      content: Array.from({ length: inputCount }, () => undefined),
      storable: true,
    }),
    execute: async (inputs, scope) => {
      const definition = await readDefinition(body, inputs, storage, scope);
      if (scope.solve === undefined) throw bad("cannot build in a build here");
      const result = await scope.solve(definition);
      // A caller's folder is true for one build only.
      if (result.kind !== "folder") return [result];
      return [{ kind: "snapshot", id: await folderSnapshot(result, storage, scope) }];
    },
  };
}

async function readDefinition(
  body: BuildOp,
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
): Promise<Uint8Array> {
  if (body.builder !== -1) throw bad("only LLB builder is currently allowed");
  if (!body.inputs.has(definitionInput)) throw bad(`no llb definition input ${definitionInput} found`);
  const index = body.inputs.get(definitionInput) ?? -1;
  const input = inputs[index];
  if (input === undefined) throw bad(`invalid index ${index}`);
  await using tree = await openTree(input, "view", storage, scope);
  return readFile(tree.path, body.attrs.get(fileAttribute) ?? definitionInput);
}

/** Links are followed inside the tree. Nothing but a file is opened for long: a pipe would make us wait. */
function readFile(root: string, name: string): Uint8Array {
  let file: number;
  try {
    file = openSync(pathInside(root, name), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ENXIO"].includes(errnoOf(error) ?? "")) throw error;
    throw new CooperError("ops/bad-build", `failed to open ${name}: no such file or directory`, { cause: error });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw bad(`${name} is not a regular file`);
    if (stat.size > largestDefinition)
      throw bad(`${name} is too large: ${stat.size} bytes, at most ${largestDefinition}`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function bad(sentence: string): CooperError {
  return new CooperError("ops/bad-build", sentence);
}
