import { CooperError } from "../../kit/index.ts";
import type { Owner as OwnerSpec, Principal } from "../../llb/index.ts";
import type { Owner } from "./make-folders.ts";

/**
 * The ids that an owner means. A user alone also gives the group: its own when it is looked up, the same number when it is one. As
 * upstream has it, a name that the tree's user database does not know is 0; a name without a tree to look in is an error.
 */
export async function lookupOwner(spec: OwnerSpec, treeOf: (input: number) => Promise<string>): Promise<Owner> {
  let owner: Owner = { uid: 0, gid: 0 };
  const { user, group } = spec;
  if (user?.kind === "id") owner = { uid: user.id, gid: user.id };
  if (user?.kind === "name") {
    const entries = (await userDatabase()).passwdEntries(await treeOf(inputOf(user)));
    const entry = entries.find(({ name }) => name === user.name);
    if (entry !== undefined) owner = { uid: entry.uid, gid: entry.gid };
  }
  if (group?.kind === "id") owner = { ...owner, gid: group.id };
  if (group?.kind === "name") {
    const entries = (await userDatabase()).groupEntries(await treeOf(inputOf(group)));
    const entry = entries.find(({ name }) => name === group.name);
    if (entry !== undefined) owner = { ...owner, gid: entry.gid };
  }
  return owner;
}

/** Few copies name an owner, and the executor is large. */
const userDatabase = () => import("../../executor/index.ts");

function inputOf(principal: Principal & { readonly kind: "name" }): number {
  if (principal.input !== undefined) return principal.input;
  throw new CooperError("ops/file-failed", "invalid user index: -1", {
    hint: `an empty tree has no user database to look up ${JSON.stringify(principal.name)} in; use a number`,
  });
}
