import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { CooperError } from "../../../kit/index.ts";
import type { Attributes, Environment } from "../objects/contract.ts";
import { roleCredentials } from "./role-credentials.ts";
import type { S3Credentials } from "./sign.ts";

/**
 * Who asks: the attributes, the builder's environment, its file of AWS's (`~/.aws/credentials`, `AWS_PROFILE`), or the role
 * that it has, in this order. Throws `export/no-credentials`.
 */
export async function s3Credentials(attrs: Attributes, env: Environment, region: string): Promise<S3Credentials> {
  const { access_key_id: id, secret_access_key: secret, session_token: token = "" } = attrs;
  if (id && secret) return { accessKeyId: id, secretAccessKey: secret, sessionToken: token };
  const found = fromEnvironment(env) ?? (await fromFile(env)) ?? (await roleCredentials(env, region));
  if (found !== undefined) return found;
  throw new CooperError(
    "export/no-credentials",
    "failed to retrieve credentials: no credentials for s3 cache are found",
    {
      hint: "Give access_key_id and secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of the builder.",
    },
  );
}

function fromEnvironment(env: Environment): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token = "" } = env;
  return id && secret ? { accessKeyId: id, secretAccessKey: secret, sessionToken: token } : undefined;
}

async function fromFile(env: Environment): Promise<S3Credentials | undefined> {
  const path = env.AWS_SHARED_CREDENTIALS_FILE || join(env.HOME || homedir(), ".aws/credentials");
  const text = await readFile(path, "utf8").catch(() => "");
  const section = sectionOf(text, env.AWS_PROFILE || "default");
  const [id, secret] = [section.get("aws_access_key_id"), section.get("aws_secret_access_key")];
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: section.get("aws_session_token") ?? "" };
}

/** One section of an INI file. */
function sectionOf(text: string, name: string): Map<string, string> {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of text.split("\n")) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line);
    if (header !== null) inside = header[1] === name;
    const [, key, value] = /^\s*([^#;=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (inside && key !== undefined && value !== undefined) values.set(key.toLowerCase(), value);
  }
  return values;
}
