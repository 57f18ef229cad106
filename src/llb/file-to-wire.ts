import type { Init, pb } from "../wire/index.ts";
import type { CopyAction, FileAction, FileOp, Owner, Principal, Timestamp } from "./op.ts";
import { indexToWire } from "./to-wire.ts";

/** A file op's wire form, field for field. */
export function fileOpToWire(op: FileOp): Init<pb.FileOp> {
  return {
    actions: op.actions.map((step) => ({
      input: indexToWire(step.input),
      secondaryInput: indexToWire(step.secondaryInput),
      output: indexToWire(step.output),
      action: actionToWire(step.action),
    })),
  };
}

function actionToWire(action: FileAction): Init<pb.FileAction>["action"] {
  switch (action.kind) {
    case "copy":
      return { case: "copy", value: copyToWire(action) };
    case "mkfile": {
      const { path, mode, data } = action;
      return { case: "mkfile", value: { path, mode, data, ...ownerAndTime(action) } };
    }
    case "mkdir": {
      const { path, mode, makeParents } = action;
      return { case: "mkdir", value: { path, mode, makeParents, ...ownerAndTime(action) } };
    }
    case "symlink":
      return { case: "symlink", value: { oldpath: action.oldPath, newpath: action.newPath, ...ownerAndTime(action) } };
    case "rm": {
      const { path, allowNotFound, allowWildcard } = action;
      return { case: "rm", value: { path, allowNotFound, allowWildcard } };
    }
  }
}

function copyToWire(action: CopyAction): Init<pb.FileActionCopy> {
  const { kind: _, mode, modeString, attemptUnpack, owner: __, timestamp: ___, ...same } = action;
  return {
    ...same,
    mode: modeString === "" ? (mode ?? -1) : 0,
    modeStr: modeString,
    attemptUnpackDockerCompatibility: attemptUnpack,
    ...ownerAndTime(action),
  };
}

function ownerAndTime(action: { readonly owner?: Owner; readonly timestamp: Timestamp }) {
  const { owner, timestamp } = action;
  return {
    owner: owner && { user: principalToWire(owner.user), group: principalToWire(owner.group) },
    timestamp: timestamp ?? -1n,
  };
}

function principalToWire(principal: Principal | undefined): Init<pb.UserOpt> | undefined {
  if (principal === undefined) return undefined;
  if (principal.kind === "id") return { user: { case: "byID", value: principal.id } };
  return { user: { case: "byName", value: { name: principal.name, input: indexToWire(principal.input) } } };
}
