import { sha256 } from "../../kit/index.ts";
import type { Op } from "../../solver/index.ts";
import type { SnapshotId, Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { timed } from "../source/task.ts";
import { restack } from "./restack.ts";

/** `MergeOp`: later inputs lie on top of earlier ones, each with all its layers, deletions included. */
export function mergeOp(storage: Storage): Op<Ref, OpScope> {
  return {
    recipe: async () => ({ digest: sha256("merge"), content: [], storable: true }),
    execute: async (inputs, scope) => {
      let top: SnapshotId | undefined;
      for (const input of inputs) {
        if (input.kind !== "snapshot") continue;
        // The first tree is taken as it is; what comes next is put on top.
        if (top === undefined) top = input.id;
        else {
          const changes = storage.snapshots.chain(input.id).map(({ id }) => id);
          top = await timed("merging", scope, () => restack(changes, top, storage, scope));
        }
      }
      return [top === undefined ? { kind: "scratch" } : { kind: "snapshot", id: top }];
    },
  };
}
