import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { s3Credentials } from "./credentials.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-credentials-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Nobody on this machine is asked. */
const nobody = () => ({ HOME: folder, AWS_EC2_METADATA_DISABLED: "true" });
const keys = { accessKeyId: "ID", secretAccessKey: "SECRET", sessionToken: "TOKEN" };
const variables = { AWS_ACCESS_KEY_ID: "ID", AWS_SECRET_ACCESS_KEY: "SECRET", AWS_SESSION_TOKEN: "TOKEN" };

/** A server that tells what it was asked, and gives the answers in turn. */
async function withServer(answers: string[], work: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const token = request.headers.authorization ?? request.headers["x-aws-ec2-metadata-token"] ?? "";
    asked.push([request.method, request.url, token, body].filter((part) => part !== "").join(" "));
    response.end(answers.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("attributes come before the environment, which comes before the file", async () => {
  writeFileSync(join(folder, "keys"), "[default]\naws_access_key_id = FILE\naws_secret_access_key=F\n[ci]\n");
  const env = { ...nobody(), AWS_SHARED_CREDENTIALS_FILE: join(folder, "keys") };
  const idOf = async (attrs: Record<string, string>, more: Record<string, string>) =>
    (await s3Credentials(attrs, { ...env, ...more }, "r")).accessKeyId;
  expect(await idOf({ access_key_id: "ATTR", secret_access_key: "S" }, variables)).toBe("ATTR");
  expect(await idOf({}, variables)).toBe("ID");
  expect(await idOf({}, {})).toBe("FILE");
  await expect(idOf({}, { AWS_PROFILE: "ci" })).rejects.toThrow("no credentials for s3 cache");
});

test("a pod's token is changed for the credentials of its role", async () => {
  writeFileSync(join(folder, "token"), "a.b.c\n");
  const answer = `<Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>SECRET</SecretAccessKey><SessionToken>TOKEN</SessionToken></Credentials>`;
  await withServer([answer], async (url, asked) => {
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
      AWS_ROLE_ARN: "arn:x",
      AWS_ENDPOINT_URL_STS: url,
    };
    expect(await s3Credentials({}, { ...nobody(), ...env }, "r")).toEqual(keys);
    expect(asked[0]).toContain("Action=AssumeRoleWithWebIdentity");
    expect(asked[0]).toContain("WebIdentityToken=a.b.c");
  });
});

test("a container's service gives them", async () => {
  const answer = JSON.stringify({ AccessKeyId: "ID", SecretAccessKey: "SECRET", Token: "TOKEN" });
  await withServer([answer], async (url, asked) => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1`, AWS_CONTAINER_AUTHORIZATION_TOKEN: "secret" };
    expect(await s3Credentials({}, { ...nobody(), ...env }, "r")).toEqual(keys);
    expect(asked).toEqual(["GET /v1 secret"]);
  });
});

test("a machine's service gives those of its role", async () => {
  const answer = JSON.stringify({ AccessKeyId: "ID", SecretAccessKey: "SECRET", Token: "TOKEN" });
  await withServer(["session", "builder", answer], async (url, asked) => {
    expect(await s3Credentials({}, { HOME: folder, AWS_EC2_METADATA_SERVICE_ENDPOINT: url }, "r")).toEqual(keys);
    expect(asked).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/iam/security-credentials/ session",
      "GET /latest/meta-data/iam/security-credentials/builder session",
    ]);
  });
});
