import { readFile } from "node:fs/promises";
import { bytesOf, CooperError, type Scope, userAgent } from "../../../kit/index.ts";
import type { Environment } from "../objects/contract.ts";
import { httpCall, jsonOf, textOf } from "../objects/http.ts";
import type { Authorize } from "./block-blobs.ts";

const audience = "https://storage.azure.com/.default";
/** A token is given up so long before it ends, in milliseconds. */
const margin = 5 * 60_000;

interface Token {
  readonly text: string;
  readonly expires: number;
}

/**
 * Calls by the builder's own identity: a workload's (`AZURE_FEDERATED_TOKEN_FILE`, as in pods), or an application's with its secret
 * (`AZURE_CLIENT_SECRET`). Throws `export/no-credentials` when it has neither.
 */
export function ownIdentity(env: Environment): Authorize {
  let token: Promise<Token> | undefined;
  return async (_method, url, headers, scope) => {
    checkSecure(url);
    const known = await token?.catch(() => undefined);
    if (known === undefined || known.expires - margin < Date.now()) token = getToken(env, scope);
    const { text } = await (token as Promise<Token>);
    return { ...headers, authorization: `Bearer ${text}` };
  };
}

async function getToken(env: Environment, scope: Scope): Promise<Token> {
  const { AZURE_TENANT_ID: tenant = "", AZURE_CLIENT_ID: client_id = "", AZURE_AUTHORITY_HOST: host = "" } = env;
  const proof = await proofOf(env);
  if (tenant === "" || client_id === "" || proof === undefined) throw noIdentity();
  const base = (host || "https://login.microsoftonline.com").replace(/\/+$/, "");
  const url = new URL(`${base}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`);
  const form = Buffer.from(
    `${new URLSearchParams({ grant_type: "client_credentials", client_id, scope: audience, ...proof })}`,
  );
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": `${form.byteLength}`,
    "user-agent": userAgent,
  };
  const response = await httpCall({ method: "POST", url, headers, open: () => bytesOf(form) }, scope);
  return readToken(response.statusCode ?? 0, await textOf(response));
}

/** How an application shows that it is the one. */
async function proofOf(env: Environment): Promise<Readonly<Record<string, string>> | undefined> {
  const { AZURE_CLIENT_SECRET: client_secret = "", AZURE_FEDERATED_TOKEN_FILE: file = "" } = env;
  if (client_secret !== "") return { client_secret };
  if (file === "") return undefined;
  const client_assertion = (await readFile(file, "utf8")).trim();
  return { client_assertion, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" };
}

function readToken(status: number, text: string): Token {
  const json = jsonOf(text) ?? {};
  if (status === 200 && typeof json.access_token === "string") {
    return { text: json.access_token, expires: Date.now() + Number(json.expires_in ?? 0) * 1000 };
  }
  const reason = typeof json.error === "string" ? json.error : `status ${status}`;
  throw new CooperError("export/no-credentials", `DefaultAzureCredential: failed to acquire a token: ${reason}`);
}

function noIdentity(): CooperError {
  return new CooperError(
    "export/no-credentials",
    "DefaultAzureCredential: failed to acquire a token: no secret_access_key is given and the builder has no identity",
    {
      hint: "Give secret_access_key, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET in the environment of the builder. Managed identities, certificates and the Azure CLI's login are not supported.",
    },
  );
}

/** A token is worth as much as a password. */
function checkSecure({ protocol, hostname }: URL): void {
  if (protocol === "https:" || hostname === "localhost" || hostname.startsWith("127.")) return;
  throw new CooperError(
    "export/bad-attribute",
    "authenticated requests are not permitted for non TLS protected (https) endpoints",
  );
}
