import { CooperError, type Scope } from "../kit/index.ts";
import type { LocalSession } from "../session/index.ts";

/** For a registry's refusal: which login it was sent, or where none was found. Undefined for any other error. */
export async function loginHint(
  error: unknown,
  session: Pick<LocalSession, "registryCredentials" | "loginPlaces">,
  scope: Scope,
): Promise<string | undefined> {
  if (!(error instanceof CooperError) || !["registry/unauthorized", "registry/denied"].includes(error.code))
    return undefined;
  const host = hostOf(error.details);
  if (host === undefined) return undefined;
  const login = await session.registryCredentials(host, scope).catch(() => undefined);
  if (login === undefined) return undefined;
  if (login.kind === "none") return `no login for ${host} was found in ${session.loginPlaces().join(", ")}`;
  const what = login.kind === "basic" ? `the login of ${JSON.stringify(login.username)}` : "the token";
  return `${what} that was found for ${host} does not do: log in again, or check what it may`;
}

/** Of the address that refused. */
function hostOf(details: unknown): string | undefined {
  if (typeof details !== "object" || details === null || !("url" in details)) return undefined;
  return typeof details.url === "string" && URL.canParse(details.url) ? new URL(details.url).host : undefined;
}
