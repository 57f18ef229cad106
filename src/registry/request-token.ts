import type { Scope } from "../kit/index.ts";
import type { ProxyEnvironment } from "./agents.ts";
import type { Credentials, HostOptions } from "./contract.ts";
import { Exchange } from "./exchange.ts";

/** What a token server is asked for, as a registry's challenge says it. */
export interface TokenRequest {
  readonly host: string;
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
}

/** Around a request for a token. */
export interface TokenSurroundings {
  readonly userAgent: string;
  readonly proxy: ProxyEnvironment | undefined;
  /** TLS settings of the registry's host, which its token server on the same host shares. */
  readonly tls: HostOptions | undefined;
}

/**
 * Gets a token for somebody else, with credentials that stay here. Errors as `fetchToken`; `registry/bad-answer` for a realm that
 * is no web address.
 */
export async function requestToken(
  request: TokenRequest,
  credentials: Credentials,
  around: TokenSurroundings,
  scope: Scope,
): Promise<{ readonly token: string; readonly expires: number }> {
  if (credentials.kind === "bearer") return { token: credentials.token, expires: Date.now() + 60_000 };
  using exchange = new Exchange(around.userAgent, around.proxy);
  const { value, expires } = await exchange.token(request, credentials, around.tls, scope);
  return { token: value, expires };
}
