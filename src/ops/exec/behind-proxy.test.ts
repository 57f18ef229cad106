import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createExecutor, type Executor } from "../../executor/index.ts";
import { makeBusyboxRootfs } from "../../executor/testing/index.ts";
import { CooperError, lazy, quietScope, sha256 } from "../../kit/index.ts";
import type { ExecOp, Mount } from "../../llb/index.ts";
import { Authority, type RequestRecord } from "../../proxy/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { openWorkbench, type Workbench } from "../testing/index.ts";
import { execOp } from "./exec-op.ts";

const bundle = "/etc/ssl/certs/ca-certificates.crt";
const origin = createServer((_, response) => response.end("from outside"));
const url = () => `http://127.0.0.1:${(origin.address() as AddressInfo).port}/page`;
const proxies = lazy(() => Authority.create());
let bench: Workbench;
let executor: Executor;
let base: Ref;

beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  bench = await openWorkbench();
  executor = await createExecutor(
    { stateDir: join(bench.folder, "executor"), binary: "", networkMode: "auto" },
    quietScope,
  );
  base = await bench.tree({}, (folder) => {
    makeBusyboxRootfs(folder);
    mkdirSync(join(folder, bundle, ".."), { recursive: true });
    writeFileSync(join(folder, bundle), "others\n");
  });
});
afterAll(async () => {
  await executor[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

const root: Mount = {
  ...{ input: 0, selector: "", dest: "/", output: 0, readonly: false },
  ...{ contentCache: "default", resultId: "", type: { kind: "bind" } },
};
const proxied = (script: string): ExecOp => ({
  kind: "exec",
  meta: {
    args: ["/bin/sh", "-c", script],
    ...{ env: [], cwd: "/", user: "", extraHosts: [], hostname: "", ulimits: [], cgroupParent: "" },
    ...{ removeMountStubsRecursive: true, validExitCodes: [] },
  },
  mounts: [root],
  ...{ network: "sandbox", security: "sandbox", secretEnv: [], devices: [], proxyNetwork: true },
});
const run = (script: string, scope: Partial<OpScope> = {}, by: Executor = executor) =>
  execOp(proxied(script), { inputCount: 1 }, { storage: bench.storage, executor: async () => by, proxies }).execute(
    [base],
    { ...bench.scope(), ...scope },
  );

test("a step gets out by way of the proxy alone, and what it got is told", async () => {
  let told: RequestRecord | undefined;
  const script = `grep -c "buildkit proxy CA begin" ${bundle} >/count
NO_PROXY= no_proxy= wget -q -O /page ${url()} && ! http_proxy= HTTP_PROXY= wget -q -O /straight ${url()}; rm -f /straight`;
  const [made] = await run(script, {
    onRequests: (record) => {
      told = record;
    },
  });
  const files = await bench.show(made);
  expect(files.page).toContain("from outside");
  expect(files.count).toContain("1");
  expect(files[bundle.slice(1)]).toMatch(/ others\n$/);
  expect(bench.log()).toContain(`proxy network requests:\n- GET ${url()} -> 200\n`);
  expect([...(told?.materials() ?? [])]).toEqual([[url(), sha256("from outside")]]);
});

test("a request that is not allowed is answered with 403", async () => {
  const allowRequest = () => Promise.reject(new CooperError("engine/source-denied", "not that one"));
  const script = `NO_PROXY= no_proxy= wget -S -O /page ${url()} 2>&1`;
  await expect(run(script, { allowRequest })).rejects.toThrow("did not complete successfully: exit code: 1");
  expect(bench.log()).toContain("HTTP/1.1 403 Forbidden");
});

test("where no network can be joined the step does not run", async () => {
  const without: Executor = {
    ...executor,
    joinsNetworks: false,
    description: "chroot",
    run: () => Promise.reject(new Error("it ran")),
  };
  await expect(run("true", {}, without)).rejects.toThrow("proxy network provider is not available with chroot");
});

test("a step behind the proxy is another one than without", async () => {
  const tools = { storage: bench.storage, executor: async () => executor, proxies };
  const { proxyNetwork: _, ...plain } = proxied("true");
  const keys = [proxied("true"), plain].map((body) => execOp(body, { inputCount: 1 }, tools).recipe(bench.scope()));
  const [one, other] = await Promise.all(keys);
  expect(one?.digest).not.toBe(other?.digest);
});
