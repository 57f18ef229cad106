import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import { credentialLookup } from "./lookup.ts";

let folder = "";
const auth = (text: string) => Buffer.from(text).toString("base64");
const config = (value: unknown) => writeFile(join(folder, "config.json"), JSON.stringify(value));
const env = (more: NodeJS.ProcessEnv = {}) => ({
  PATH: `${folder}:${process.env.PATH}`,
  DOCKER_CONFIG: folder,
  ...more,
});
function find(host: string, more?: NodeJS.ProcessEnv) {
  const warnings: string[] = [];
  const lookup = credentialLookup(env(more), (sentence) => warnings.push(sentence));
  return lookup.find(host, quietScope).then((credentials) => ({ ...credentials, warnings }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cooper-auth-"));
  const helper = join(folder, "docker-credential-fake");
  await writeFile(
    helper,
    `#!/bin/sh
read -r server || true
case "$server" in
  good.example) echo '{"ServerURL":"good.example","Username":"u","Secret":"s:e"}' ;;
  token.example) echo '{"Username":"<token>","Secret":"t"}' ;;
  none.example) echo 'credentials not found in native keychain'; exit 1 ;;
  *) echo 'the keychain is locked'; exit 2 ;;
esac
`,
  );
  await chmod(helper, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("auth, username with password, identity and registry tokens are read", async () => {
  await config({
    auths: {
      "a.example": { auth: auth("user:pass:word") },
      "b.example:5000": { username: "u", password: "p" },
      "c.example": { auth: auth("u:p"), identitytoken: "id" },
      "d.example": { registrytoken: "reg" },
    },
  });
  expect(await find("a.example")).toMatchObject({ kind: "basic", username: "user", password: "pass:word" });
  expect(await find("b.example:5000")).toMatchObject({ kind: "basic", username: "u", password: "p" });
  expect(await find("c.example")).toMatchObject({ kind: "identityToken", token: "id" });
  expect(await find("d.example")).toMatchObject({ kind: "bearer", token: "reg" });
  expect(await find("e.example")).toMatchObject({ kind: "none", warnings: [] });
});

test.each(["docker.io", "index.docker.io", "registry-1.docker.io"])("Docker Hub's entry serves %s", async (host) => {
  await config({ auths: { "https://index.docker.io/v1/": { auth: auth("hub:p") } } });
  expect(await find(host)).toMatchObject({ kind: "basic", username: "hub" });
});

test("an entry with scheme and path serves its host", async () => {
  await config({ auths: { "https://old.example:444/v2/": { auth: auth("old:p") } } });
  expect(await find("old.example:444")).toMatchObject({ kind: "basic", username: "old" });
  expect(await find("old.example")).toMatchObject({ kind: "none" });
});

test("helpers are asked, by host before the general store", async () => {
  await config({ credHelpers: { "good.example": "fake" }, credsStore: "nosuch" });
  expect(await find("good.example")).toMatchObject({ kind: "basic", username: "u", password: "s:e" });
  await expect(find("other.example")).rejects.toThrow(
    'error getting credentials - err: exec: "docker-credential-nosuch": executable file not found in $PATH, out: ``',
  );
});

test("a helper's token, its having none, and its failing are told apart", async () => {
  await config({ credsStore: "fake", auths: { "none.example": { auth: auth("file:p") } } });
  expect(await find("token.example")).toMatchObject({ kind: "identityToken", token: "t" });
  expect(await find("none.example")).toMatchObject({ kind: "basic", username: "file" });
  await expect(find("locked.example")).rejects.toThrow(
    "error getting credentials - err: exit status 2, out: `the keychain is locked`",
  );
});

test("DOCKER_AUTH_CONFIG, then REGISTRY_AUTH_FILE, come before config.json", async () => {
  await config({ auths: { "x.example": { auth: auth("config:p") } } });
  const file = join(folder, "auth.json");
  await writeFile(file, JSON.stringify({ auths: { "x.example": { auth: auth("file:p") } } }));
  const inline = JSON.stringify({ auths: { "x.example": { auth: auth("inline:p") } } });
  expect(await find("x.example", { REGISTRY_AUTH_FILE: file })).toMatchObject({ username: "file" });
  expect(await find("x.example", { REGISTRY_AUTH_FILE: file, DOCKER_AUTH_CONFIG: inline })).toMatchObject({
    username: "inline",
  });
});

test("a mounted Kubernetes secret serves as it is", async () => {
  await rm(join(folder, "config.json"), { force: true });
  await writeFile(join(folder, ".dockerconfigjson"), JSON.stringify({ auths: { "k.example": { auth: auth("k:p") } } }));
  expect(await find("k.example")).toMatchObject({ kind: "basic", username: "k" });
  await rm(join(folder, ".dockerconfigjson"));
});

test("a broken file is skipped with a warning that shows nothing of it", async () => {
  await writeFile(join(folder, "config.json"), '{ "auths": { "a": { "password": "hunter2" ');
  const found = await find("a");
  expect(found.kind).toBe("none");
  expect(found.warnings).toEqual([`Error parsing config file (${join(folder, "config.json")}): it is no valid JSON`]);
});
