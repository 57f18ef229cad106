import type { pb } from "../wire/index.ts";
import { indexFromWire, invalid } from "./from-wire.ts";
import type { CopyAction, FileAction, FileOp, FileStep, Owner, Principal, Timestamp } from "./op.ts";

/** `inputs` is the number of the op's inputs; an action may also use the trees of the actions before it. */
export function fileOpFromWire(op: pb.FileOp, inputs: number): FileOp {
  if (op.actions.length === 0) throw invalid("file op: no actions");
  return { kind: "file", actions: op.actions.map((action, at) => stepFromWire(action, inputs, at, op.actions.length)) };
}

function stepFromWire(step: pb.FileAction, inputs: number, at: number, steps: number): FileStep {
  return {
    input: indexFromWire(step.input, inputs + at),
    secondaryInput: indexFromWire(step.secondaryInput, inputs + at),
    output: indexFromWire(step.output, steps),
    action: actionFromWire(step.action, inputs),
  };
}

function actionFromWire(action: pb.FileAction["action"], inputs: number): FileAction {
  switch (action?.case) {
    case undefined:
      throw invalid("file action: it has no body");
    case "copy":
      return copyFromWire(action.value, inputs);
    case "mkfile": {
      const { path, mode, data } = action.value;
      return { kind: "mkfile", path, mode, data, ...ownerAndTime(action.value, inputs) };
    }
    case "mkdir": {
      const { path, mode, makeParents } = action.value;
      return { kind: "mkdir", path, mode, makeParents, ...ownerAndTime(action.value, inputs) };
    }
    case "symlink": {
      const { oldpath: oldPath, newpath: newPath } = action.value;
      return { kind: "symlink", oldPath, newPath, ...ownerAndTime(action.value, inputs) };
    }
    case "rm":
      return { kind: "rm", ...action.value };
  }
}

function copyFromWire(copy: pb.FileActionCopy, inputs: number): CopyAction {
  const { mode, modeStr, attemptUnpackDockerCompatibility, owner: _, timestamp: __, ...same } = copy;
  return {
    kind: "copy",
    ...same,
    mode: mode === -1 || modeStr !== "" ? undefined : mode,
    modeString: modeStr,
    attemptUnpack: attemptUnpackDockerCompatibility,
    ...ownerAndTime(copy, inputs),
  };
}

function ownerAndTime(action: { readonly owner?: pb.ChownOpt; readonly timestamp: bigint }, inputs: number) {
  const timestamp: Timestamp = action.timestamp === -1n ? undefined : action.timestamp;
  return { timestamp, ...(action.owner && { owner: ownerFromWire(action.owner, inputs) }) };
}

function ownerFromWire(owner: pb.ChownOpt, inputs: number): Owner {
  const user = principalFromWire(owner.user, inputs);
  const group = principalFromWire(owner.group, inputs);
  return { ...(user && { user }), ...(group && { group }) };
}

function principalFromWire(principal: pb.UserOpt | undefined, inputs: number): Principal | undefined {
  const user = principal?.user;
  if (user === undefined) return undefined;
  if (user.case === "byID") return { kind: "id", id: user.value };
  return { kind: "name", name: user.value.name, input: indexFromWire(user.value.input, inputs) };
}
