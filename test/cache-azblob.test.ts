import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { azureAccount, azureKey, type FakeAzure, startAzure } from "./support/fake-azure.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();
let azure: FakeAzure;
beforeEach(async () => {
  azure = await startAzure();
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
});
afterEach(() => azure[Symbol.asyncDispose]());

const dockerfile = `
FROM busybox AS build
COPY a.txt /in/
RUN head -c 8 /dev/urandom | od -An -tx1 > /random && cat /in/a.txt > /built
FROM busybox
COPY --from=build /built /random /out/
`;

const place = (more = "", key = azureKey) =>
  `type=azblob,account_url=${azure.url},account_name=${azureAccount},secret_access_key=${key}${more}`;

test("a cache in a container brings every step to a machine that has nothing", async () => {
  const attributes = place(",prefix=app,name=main;other");
  const first = await here.lab.build(["--export-cache", `${attributes},mode=max`]);
  expect(first.log).toMatch(/^#\d+ exporting cache to Azure Blob Storage$/m);
  expect(first.log).toMatch(/^#\d+ writing layer sha256:\S+ .*done$/m);
  expect([...azure.containers]).toEqual(["buildkit-cache"]);
  const random = readFileSync(join(first.out, "out/random"), "utf8");
  const manifests = [...azure.blobs.keys()].filter((key) => key.includes("/manifests/"));
  expect(manifests).toEqual(["buildkit-cache/app/manifests/main", "buildkit-cache/app/manifests/other"]);
  const config = JSON.parse(String(azure.blobs.get("buildkit-cache/app/manifests/main")));
  for (const { blob, annotations } of config.layers) {
    const { length } = azure.blobs.get(`buildkit-cache/app/blobs/${blob}`) as Buffer;
    expect(annotations).toMatchObject({ size: length, diffID: expect.stringMatching(/^sha256:/) });
  }
  rmSync(here.lab.root, { recursive: true });
  azure.calls.length = 0;
  azure.failures = 1;
  azure.broken = 1;
  const second = await here.lab.build(["--import-cache", attributes, "--export-cache", `${attributes},mode=max`]);
  expect(second.log).toMatch(/COPY a.txt \/in\/\n#\d+ CACHED/);
  expect(second.log).toMatch(/RUN head [^\n]*\n#\d+ CACHED/);
  expect(readFileSync(join(second.out, "out/random"), "utf8")).toBe(random);
  expect(azure.calls.filter((call) => call.startsWith("PUT"))).toEqual([
    "PUT buildkit-cache/app/manifests/main",
    "PUT buildkit-cache/app/manifests/other",
  ]);
});

test("all names are read, and one that nobody wrote yet is no error", async () => {
  await here.lab.build(["--export-cache", place(",name=branch,mode=max")]);
  rmSync(here.lab.root, { recursive: true });
  const { log } = await here.lab.build(["--import-cache", place(",name=commit;branch")]);
  expect(log).toMatch(/RUN head [^\n]*\n#\d+ CACHED/);
  const nowhere = await here.lab.build(["--no-cache", "--import-cache", place(",container=none")]);
  expect(nowhere.log).not.toContain("ERROR");
});

test("who is refused fails the build, unless errors are ignored", async () => {
  const stranger = place("", Buffer.from("another key").toString("base64"));
  const refused = await here.lab.run(["--export-cache", stranger]);
  expect(refused.code).toBe(1);
  expect(refused.log).toContain(
    "failed to get properties of cache container buildkit-cache: RESPONSE 403: ERROR CODE: AuthenticationFailed",
  );
  expect((await here.lab.run(["--export-cache", `${stranger},ignore-error=true`])).code).toBe(0);
});

test("a pod's workload has an identity of its own; who has none is told what there is", async () => {
  const attributes = `type=azblob,account_url=${azure.url},account_name=${azureAccount}`;
  const none = await here.lab.run(["--export-cache", attributes]);
  expect(none.code).toBe(1);
  expect(none.log).toContain("DefaultAzureCredential: failed to acquire a token: no secret_access_key is given");
  writeFileSync(join(here.lab.folder, "proof"), "proof\n");
  Object.assign(here.lab.env, {
    AZURE_AUTHORITY_HOST: new URL(azure.url).origin,
    AZURE_TENANT_ID: "tenant",
    AZURE_CLIENT_ID: "client",
    AZURE_FEDERATED_TOKEN_FILE: join(here.lab.folder, "proof"),
  });
  await here.lab.build(["--export-cache", attributes]);
  expect(azure.blobs.has("buildkit-cache/manifests/buildkit")).toBe(true);
});

test("what is not said and not in the environment is asked for by name", async () => {
  const { code, log } = await here.lab.run(["--export-cache", "type=azblob"]);
  expect(code).toBe(1);
  expect(log).toContain(
    `failed to configure azblob cache exporter: failed to create azblob config: either \${BUILDKIT_AZURE_STORAGE_ACCOUNT_URL} or account_url attribute is required for azblob cache`,
  );
});
