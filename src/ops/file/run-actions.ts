import { CooperError } from "../../kit/index.ts";
import type { FileOp, FileStep, InputIndex, Owner as OwnerSpec } from "../../llb/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import type { FailedState, FailureDetails } from "../failed-state.ts";
import { type OpenTree, openTree } from "../open-tree.ts";
import { hashableTree } from "../selection.ts";
import { runAction } from "./actions.ts";
import { CopyMemory } from "./copy-memory.ts";
import type { SeenInputs } from "./file-recipe.ts";
import type { Owner } from "./make-folders.ts";
import { lookupOwner } from "./owner.ts";
import { SourceTree } from "./source-tree.ts";

/** Runs the actions that the outputs need, in order; the results are one snapshot per output. */
export async function runActions(
  body: FileOp,
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
  seen: SeenInputs = new Map(),
): Promise<readonly Ref[]> {
  await using chain = new ActionChain(body, inputs, storage, scope, freshOf(seen));
  return await chain.run();
}

/** What was seen so long ago, in milliseconds, is looked at again. */
const freshFor = 5_000;

function freshOf(seen: SeenInputs): SeenInputs {
  return new Map([...seen].filter(([, { since }]) => Date.now() - since < freshFor));
}

/** `details` of an action's error tell which one it was: clients show that line of a heredoc or a list of sources. */
function actionError(index: number, cause: unknown, state: FailedState | undefined): unknown {
  if (!(cause instanceof CooperError) || cause.details !== undefined) return cause;
  const { code, message, hint } = cause;
  const details: FailureDetails = { kind: "file-action", index, ...(state && { state }) };
  return new CooperError(code, message, { cause, hint, details });
}

class ActionChain implements AsyncDisposable {
  readonly #body: FileOp;
  readonly #inputs: readonly Ref[];
  readonly #storage: Storage;
  readonly #scope: OpScope;
  readonly #held = new AsyncDisposableStack();
  /** Read-only views by index of input or action. */
  readonly #views = new Map<number, Promise<OpenTree>>();
  /** Trees that an action has changed and the next one goes on with. */
  readonly #changing = new Map<number, OpenTree>();
  readonly #results = new Map<number, Ref>();
  readonly #memory: CopyMemory | undefined;
  readonly #seen: SeenInputs;

  constructor(body: FileOp, inputs: readonly Ref[], storage: Storage, scope: OpScope, seen: SeenInputs) {
    this.#body = body;
    this.#inputs = inputs;
    this.#storage = storage;
    this.#scope = scope;
    this.#seen = seen;
    this.#memory = CopyMemory.for(body, inputs, storage, seen);
  }

  async run(): Promise<readonly Ref[]> {
    const outputs: Ref[] = [];
    for (const [number, step] of this.#body.actions.entries()) {
      const index = this.#inputs.length + number;
      if (!this.#isNeeded(index, step)) continue;
      this.#scope.signal.throwIfAborted();
      const tree = await this.#startFrom(step.input);
      try {
        await this.#run(step, tree);
      } catch (error) {
        const state = this.#scope.keepsFailures === true ? await this.#stateAt(number, tree) : undefined;
        throw actionError(number, error, state);
      }
      if (this.#goesOn(index, step)) this.#changing.set(index, tree);
      else this.#results.set(index, await tree.commit(this.#scope.name ?? `file ${step.action.kind}`));
      const result = this.#results.get(index);
      if (step.output !== undefined && result !== undefined) outputs[step.output] = result;
      if (result?.kind === "snapshot") this.#memory?.remember(result.id);
    }
    return outputs;
  }

  /** What the actions left until that one failed, by action. */
  async #stateAt(number: number, tree: OpenTree): Promise<FailedState> {
    const mounts = this.#body.actions.map((_, at) => this.#results.get(this.#inputs.length + at));
    mounts[number] = await tree.commit("failed file action");
    return { inputs: this.#inputs, mounts };
  }

  async #run(step: FileStep, target: OpenTree): Promise<void> {
    const { action, secondaryInput } = step;
    const owner = action.kind === "rm" ? undefined : await this.#owner(action.owner);
    const source = async () => {
      if (secondaryInput === undefined) return SourceTree.mounted(await this.#empty());
      const ref = this.#refOf(secondaryInput);
      return ref.kind === "folder"
        ? SourceTree.folder(ref, this.#seen.get(secondaryInput))
        : SourceTree.mounted(await this.#view(secondaryInput));
    };
    const from = secondaryInput === undefined ? { kind: "scratch" as const } : this.#refOf(secondaryInput);
    const around = { owner, source, sourceTree: hashableTree(from), scope: this.#scope, memory: this.#memory };
    await runAction(action, target, around);
  }

  /** A writable tree: that of the action before when nobody else needs it as it is, else a new one on top. */
  async #startFrom(input: InputIndex): Promise<OpenTree> {
    const changing = input === undefined ? undefined : this.#changing.get(input);
    if (changing !== undefined) return changing;
    const ref = input === undefined ? ({ kind: "scratch" } as const) : this.#refOf(input);
    return this.#held.use(await openTree(ref, "shared", this.#storage, this.#scope));
  }

  async #empty(): Promise<OpenTree> {
    return this.#held.use(await openTree({ kind: "scratch" }, "shared", this.#storage, this.#scope));
  }

  #view(index: number): Promise<OpenTree> {
    let view = this.#views.get(index);
    if (view === undefined) {
      view = openTree(this.#refOf(index), "view", this.#storage, this.#scope).then((tree) => this.#held.use(tree));
      this.#views.set(index, view);
    }
    return view;
  }

  #refOf(index: number): Ref {
    const ref = index < this.#inputs.length ? this.#inputs[index] : this.#results.get(index);
    if (ref === undefined) throw new CooperError("ops/bad-file-op", `invalid input index ${index}`);
    return ref;
  }

  /** True when the result is only what the next action changes: then it needs no snapshot of its own. */
  #goesOn(index: number, step: FileStep): boolean {
    const uses = this.#body.actions.flatMap((other) => usesOf(other).filter((used) => used === index));
    return step.output === undefined && uses.length === 1 && this.#body.actions.some((other) => other.input === index);
  }

  #isNeeded(index: number, step: FileStep): boolean {
    if (step.output !== undefined) return true;
    return this.#body.actions.some(
      (other, number) => usesOf(other).includes(index) && this.#isNeeded(this.#inputs.length + number, other),
    );
  }

  async #owner(spec: OwnerSpec | undefined): Promise<Owner | undefined> {
    if (spec === undefined) return undefined;
    return await lookupOwner(spec, async (index) => (await this.#view(index)).path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#held.disposeAsync();
  }
}

/** All trees that an action uses. */
function usesOf({ input, secondaryInput, action }: FileStep): InputIndex[] {
  const owner = action.kind === "rm" ? undefined : action.owner;
  const asked = [owner?.user, owner?.group].map((principal) =>
    principal?.kind === "name" ? principal.input : undefined,
  );
  return [input, secondaryInput, ...asked];
}
