import { CooperError, type Scope, userAgent } from "../../../kit/index.ts";
import { httpCall, jsonOf, textOf } from "../objects/http.ts";
import type { GhaConfig } from "./config.ts";
import type { ActionsToken } from "./token.ts";

const perPage = 100;
/** More caches than a repository has. */
const mostPages = 1000;

/** The keys with that beginning that GitHub lists for the token's scopes (REST API, "List GitHub Actions caches for a repository"). */
export async function knownKeys(
  list: NonNullable<GhaConfig["list"]>,
  { scopes }: ActionsToken,
  prefix: string,
  scope: Scope,
): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(scopes.map(({ scope: ref }) => keysOf(list, prefix, ref, scope)));
  return new Set(lists.flat());
}

async function keysOf(
  { repository, token, api }: NonNullable<GhaConfig["list"]>,
  key: string,
  ref: string,
  scope: Scope,
): Promise<string[]> {
  const keys: string[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const url = new URL(`${api.replace(/\/+$/, "")}/repos/${repository}/actions/caches`);
    url.search = String(new URLSearchParams({ key, ref, page: `${page}`, per_page: `${perPage}` }));
    const headers = {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "user-agent": userAgent,
      "x-github-api-version": "2022-11-28",
    };
    const response = await httpCall({ method: "GET", url, headers }, scope);
    const text = await textOf(response);
    const { total_count: total, actions_caches: found } = jsonOf(text) ?? {};
    if (response.statusCode !== 200 || !Array.isArray(found)) {
      throw new CooperError("export/gha-failed", `cannot list the caches of ${repository}: ${response.statusCode}`);
    }
    keys.push(...(found as ({ key?: unknown } | null)[]).map((one) => String(one?.key ?? "")));
    if (Number(total) <= page * perPage) break;
  }
  return keys;
}
