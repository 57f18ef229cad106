import type { IncomingMessage, ServerResponse } from "node:http";

/** Who may enter, and how the registry asks. */
export type GuardOptions =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "token";
      /** `username:password` or `:identity-token`; empty: everyone gets a token. */
      readonly secret?: string;
      /** Ways that the token server refuses with that status. */
      readonly refuse?: { readonly GET?: number; readonly POST?: number };
      /** Scopes that tokens are never given. */
      readonly withhold?: (scope: string) => boolean;
      /** Seconds that a token is said to last. */
      readonly expiresIn?: number;
      /** Tokens that are no longer good. */
      readonly revoked?: ReadonlySet<string>;
    };

/** Lets a request pass (false), or answers it: with a challenge, or with a token at `/token`. */
export async function guard(
  options: GuardOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  base: string,
): Promise<boolean> {
  if (options.kind === "basic") {
    const wanted = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString("base64")}`;
    if (request.headers.authorization === wanted) return false;
    challenge(response, 'Basic realm="golden"');
    return true;
  }
  if (url.pathname === "/token") {
    await giveToken(options, request, response, url);
    return true;
  }
  const wanted = wantedScope(request.method ?? "", url);
  const token = request.headers.authorization?.replace(/^Bearer /, "");
  const bearer = `Bearer realm="${base}/token",service="golden"${wanted === undefined ? "" : `,scope="${wanted}"`}`;
  if (token === undefined) challenge(response, bearer);
  else if (options.revoked?.has(token) === true) challenge(response, `${bearer},error="invalid_token"`);
  else if (wanted !== undefined && !covers(scopesOf(token), wanted)) {
    challenge(response, `${bearer},error="insufficient_scope"`);
  } else return false;
  return true;
}

function challenge(response: ServerResponse, header: string): void {
  response.writeHead(401, { "www-authenticate": header });
  response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
}

function wantedScope(method: string, url: URL): string | undefined {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1];
  if (repository === undefined) return undefined;
  return `repository:${repository}:${method === "GET" || method === "HEAD" ? "pull" : "pull,push"}`;
}

async function giveToken(
  options: Extract<GuardOptions, { kind: "token" }>,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const form = new URLSearchParams((await text(request)) || url.search);
  const basic = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
  const given =
    request.method === "GET"
      ? basic
      : `${form.get("username") ?? ""}:${form.get("password") ?? form.get("refresh_token")}`;
  const refused = options.refuse?.[request.method as "GET" | "POST"];
  if (refused !== undefined || (options.secret !== undefined && given !== options.secret)) {
    response.writeHead(refused ?? 401);
    response.end();
    return;
  }
  const scopes = form.getAll("scope").flatMap((entry) => entry.split(" "));
  const allowed = scopes.filter((entry) => options.withhold?.(entry) !== true);
  const token = Buffer.from(JSON.stringify(allowed)).toString("base64url");
  response.writeHead(200, { "content-type": "application/json" });
  const name = request.method === "GET" ? "token" : "access_token";
  response.end(JSON.stringify({ [name]: token, expires_in: options.expiresIn ?? 300 }));
}

async function text(request: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of request) all += String(chunk);
  return all;
}

function scopesOf(token: string): string[] {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString()) as string[];
  } catch {
    return [];
  }
}

function covers(have: readonly string[], wanted: string): boolean {
  const at = wanted.lastIndexOf(":");
  const actions = wanted.slice(at + 1).split(",");
  return have.some(
    (entry) =>
      entry.startsWith(wanted.slice(0, at + 1)) &&
      actions.every((action) =>
        entry
          .slice(at + 1)
          .split(",")
          .includes(action),
      ),
  );
}
