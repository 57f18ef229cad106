import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CooperError } from "../../../kit/index.ts";
import type { OpScope } from "../../contract.ts";
import type { GitSource } from "./attributes.ts";

/**
 * Environment for git with what the callers have for this remote: a token or header secret, an ssh agent, known hosts. `folder`
 * takes the files that ssh wants, and is removed by who made it.
 */
export async function gitCredentials(
  source: GitSource,
  folder: string,
  scope: OpScope,
): Promise<Record<string, string>> {
  const header = await authHeader(source, scope);
  return {
    ...(header && {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `http.${origin(source.remote)}.extraheader`,
      GIT_CONFIG_VALUE_0: `Authorization: ${header}`,
    }),
    ...(await sshEnvironment(source, folder, scope)),
  };
}

async function authHeader(source: GitSource, scope: OpScope): Promise<string | undefined> {
  if (!/^https?:/.test(source.remote)) return undefined;
  const { host } = new URL(source.remote);
  for (const { id, wrap } of [
    { id: source.headerSecret, wrap: (text: string) => text },
    { id: source.tokenSecret, wrap: basicToken },
  ]) {
    if (id === "") continue;
    // A secret of the host's own goes first: `GIT_AUTH_TOKEN.github.com`.
    const secret = (await anySecret(`${id}.${host}`, scope)) ?? (await anySecret(id, scope));
    if (secret !== undefined) return wrap(secret);
  }
  return undefined;
}

function basicToken(token: string): string {
  return `basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}

async function anySecret(id: string, scope: OpScope): Promise<string | undefined> {
  for (const caller of scope.callers) {
    const secret = await caller.secret(id, scope);
    if (secret !== undefined) return Buffer.from(secret).toString().trim();
  }
  return undefined;
}

function origin(remote: string): string {
  const { protocol, host } = new URL(remote);
  return `${protocol}//${host}/`;
}

async function sshEnvironment(source: GitSource, folder: string, scope: OpScope): Promise<Record<string, string>> {
  if (source.sshSocket === "" && source.knownHosts === "") return {};
  const socket = source.sshSocket === "" ? undefined : await anyAgent(source.sshSocket, scope);
  const flags = ["-F", "/dev/null", "-o", "BatchMode=yes"];
  if (source.knownHosts === "") flags.push("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null");
  else {
    const file = join(folder, "known_hosts");
    await writeFile(file, source.knownHosts);
    await chmod(file, 0o600);
    flags.push("-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${file}`);
  }
  return { GIT_SSH_COMMAND: ["ssh", ...flags].join(" "), ...(socket !== undefined && { SSH_AUTH_SOCK: socket }) };
}

async function anyAgent(id: string, scope: OpScope): Promise<string> {
  for (const caller of scope.callers) {
    const socket = await caller.sshAgent(id, scope);
    if (socket !== undefined) return socket;
  }
  throw new CooperError("ops/no-ssh", `no SSH key ${JSON.stringify(id)} forwarded from the client`);
}
