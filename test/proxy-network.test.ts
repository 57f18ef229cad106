/** Builds whose steps reach the network by way of the builder's proxy alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcomes } from "./support/lab.ts";
import { useLab } from "./support/use-lab.ts";
import { startWeb, type TestWeb } from "./support/web.ts";

const here = useLab();
let web: TestWeb;
beforeAll(async () => {
  web = await startWeb({ "/page": { body: "from outside" } });
});
afterAll(() => web[Symbol.asyncDispose]());

/** Programs go straight to loopback addresses, unless they are told otherwise. */
const fetch = "NO_PROXY= no_proxy= wget -S -O";

test("steps get out by the proxy, which tells what for; another build takes their results, one without a proxy does not", async () => {
  here.lab.write({
    Dockerfile: `
FROM busybox AS made
RUN ${fetch} /page ${web.url}/page && ! http_proxy= HTTP_PROXY= wget -q -O- ${web.url}/page
RUN --network=none ! env | grep -i http_proxy
FROM scratch
COPY --from=made /page /
`,
  });
  const { out, log } = await here.lab.build(["--proxy-network"]);
  expect(here.lab.read(join(out, "page"))).toBe("from outside");
  expect(log).toContain("proxy network requests:");
  expect(log).toContain(`- GET ${web.url}/page -> 200`);
  const again = outcomes((await here.lab.build(["--proxy-network"])).log);
  const steps = [...again].filter(([name]) => name.includes("RUN"));
  expect(steps.map(([, outcome]) => outcome)).toEqual(["cached", "cached"]);
  const { code } = await here.lab.run([]);
  expect(code).not.toBe(0);
});

test("a policy decides what they may have, also where the daemon's file wants the proxy", async () => {
  const rules = [{ action: "DENY", selector: { identifier: `${web.url}/page` } }];
  const policy = join(here.lab.folder, "policy.json");
  writeFileSync(policy, JSON.stringify({ rules }));
  here.lab.write({ Dockerfile: `FROM busybox\nRUN ${fetch} /page ${web.url}/page\n` });
  const { code, log } = await here.lab.run(["--source-policy-file", policy], "--proxy-network");
  expect(code).not.toBe(0);
  expect(log).toContain("HTTP/1.1 403 Forbidden");
});

test("by chroot, too, for who may join networks", async () => {
  here.lab.write({
    Dockerfile: `FROM busybox\nRUN ${fetch} /page ${web.url}/page && ! http_proxy= HTTP_PROXY= wget -q -O- ${web.url}/page\n`,
  });
  const { code, log } = await here.lab.run(["--proxy-network", "--isolation=chroot"]);
  expect(code, log).toBe(0);
  expect(log).toContain(`- GET ${web.url}/page -> 200`);
});
