import { readFile } from "node:fs/promises";
import { CooperError, messageOf } from "../../../kit/index.ts";
import type { Environment } from "../objects/contract.ts";
import type { S3Credentials } from "./sign.ts";

/** How long a service next door may take, in milliseconds: on another machine there is none. */
const patience = 2000;
/** One far away. */
const longPatience = 20_000;
const metadataService = "http://169.254.169.254";
const containerService = "http://169.254.170.2";

/**
 * The temporary credentials of a role, from whoever gives them here: a token of a web identity (pods on EKS), the container's service
 * (ECS, EKS Pod Identity), the machine's (EC2, IMDSv2). Undefined: nobody does. Throws `export/no-credentials` when one that is named fails.
 */
export async function roleCredentials(env: Environment, region: string): Promise<S3Credentials | undefined> {
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE && env.AWS_ROLE_ARN) return named("web identity", () => webIdentity(env, region));
  const container =
    env.AWS_CONTAINER_CREDENTIALS_FULL_URI ||
    (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI && `${containerService}${env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}`);
  if (container) return named("the container's service", () => fromContainer(container, env));
  if (env.AWS_EC2_METADATA_DISABLED === "true") return undefined;
  return fromMachine(env.AWS_EC2_METADATA_SERVICE_ENDPOINT || metadataService).catch(() => undefined);
}

async function named(who: string, ask: () => Promise<S3Credentials>): Promise<S3Credentials> {
  try {
    return await ask();
  } catch (cause) {
    const sentence = `failed to retrieve credentials: ${who} gives none for s3 cache: ${messageOf(cause)}`;
    throw new CooperError("export/no-credentials", sentence, { cause });
  }
}

async function webIdentity(env: Environment, region: string): Promise<S3Credentials> {
  const token = await readFile(env.AWS_WEB_IDENTITY_TOKEN_FILE ?? "", "utf8");
  const question = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: env.AWS_ROLE_ARN ?? "",
    RoleSessionName: env.AWS_ROLE_SESSION_NAME || "buildkit",
    WebIdentityToken: token.trim(),
  });
  const service = env.AWS_ENDPOINT_URL_STS || `https://sts.${region}.amazonaws.com`;
  const answer = await ask(service, { method: "POST", body: question }, longPatience);
  const field = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(answer)?.[1];
  return checked(field("AccessKeyId"), field("SecretAccessKey"), field("SessionToken"));
}

async function fromContainer(url: string, env: Environment): Promise<S3Credentials> {
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = file ? (await readFile(file, "utf8")).trim() : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  return fromJson(await ask(url, { headers: token ? { authorization: token } : {} }, patience));
}

async function fromMachine(service: string): Promise<S3Credentials> {
  const base = `${service.replace(/\/$/, "")}/latest`;
  const life = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
  const token = await ask(`${base}/api/token`, { method: "PUT", headers: life }, patience);
  const headers = { "x-aws-ec2-metadata-token": token };
  const roles = `${base}/meta-data/iam/security-credentials/`;
  const [role = ""] = (await ask(roles, { headers }, patience)).split("\n");
  return fromJson(await ask(`${roles}${role}`, { headers }, patience));
}

function fromJson(text: string): S3Credentials {
  const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(text) as Record<string, unknown>;
  return checked(AccessKeyId, SecretAccessKey, Token);
}

function checked(id: unknown, secret: unknown, token: unknown): S3Credentials {
  if (typeof id !== "string" || typeof secret !== "string") throw new TypeError("the answer has no credentials");
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: typeof token === "string" ? token : "" };
}

/** The answer's text; what is in it is never part of an error. */
async function ask(url: string, init: RequestInit, limit: number): Promise<string> {
  const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(limit) });
  const text = await response.text();
  if (!response.ok) throw new TypeError(`it answered ${response.status}`);
  return text;
}
