/** What a token must allow: `repository:team/app:pull,push`, one resource an entry (distribution's token scope grammar). */
export type TokenScopes = readonly string[];

/** The scope of pulling from, or pulling from and pushing to, a repository. */
export function repositoryScope(repository: string, push: boolean): string {
  return `repository:${repository}:${push ? "pull,push" : "pull"}`;
}

/** One entry per resource with all its actions, sorted, so that equal wishes are equal strings. */
export function mergeScopes(...lists: readonly TokenScopes[]): string[] {
  const merged = new Map<string, Set<string>>();
  for (const entry of lists.flat().flatMap((text) => text.split(" "))) {
    if (entry === "") continue;
    const { resource, actions } = takeApart(entry);
    const all = merged.get(resource) ?? new Set<string>();
    for (const action of actions) all.add(action);
    merged.set(resource, all);
  }
  return [...merged].map(([resource, actions]) => `${resource}:${[...actions].sort().join(",")}`).sort();
}

/** True when `have` allows everything in `want`. */
export function coversScopes(have: TokenScopes, want: TokenScopes): boolean {
  const allowed = new Map(mergeScopes(have).map((entry) => [takeApart(entry).resource, takeApart(entry).actions]));
  return mergeScopes(want).every((entry) => {
    const { resource, actions } = takeApart(entry);
    const got = allowed.get(resource);
    return got !== undefined && actions.every((action) => got.includes(action));
  });
}

/** `type:name:actions`; the name may hold a colon (a host with port), the actions may not. */
function takeApart(entry: string): { resource: string; actions: string[] } {
  const first = entry.indexOf(":");
  const last = entry.lastIndexOf(":");
  if (first < 0 || last === first) return { resource: entry, actions: [] };
  return {
    resource: entry.slice(0, last),
    actions: entry
      .slice(last + 1)
      .split(",")
      .filter((action) => action !== ""),
  };
}
