import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasAllRights } from "../sys/index.ts";
import { Authority } from "./authority.ts";
import { openProxyNetwork } from "./proxy.ts";
import { trustIn } from "./trust-bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-proxy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasAllRights())("a network out of which only the proxy leads", () => {
  const origin = createServer((_, response) => response.end("from outside"));
  beforeAll(() => new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => origin.close(resolve)));

  test("has no other way to what this machine can reach", async () => {
    const { port } = origin.address() as AddressInfo;
    await using network = await openProxyNetwork(await Authority.create(), async (url) => url);
    const proxy = network.env.find((line) => line.startsWith("http_proxy="))?.slice("http_proxy=".length) ?? "";
    // Both ask for the same from inside: by the proxy, and straight.
    const script = `const { request } = require("node:http"); const [proxy, url] = process.argv.slice(1);
const ask = (options) => new Promise((done) => request(options, (r) => { let t = ""; r.on("data", (c) => (t += c)); r.on("end", () => done(t)); }).on("error", (e) => done(e.code)).end());
const { hostname, port } = new URL(proxy);
Promise.all([ask({ hostname, port, path: url }), ask(url)]).then((all) => console.log(JSON.stringify(all)));`;
    const command = [`--net=${network.path}`, process.execPath, "-e", script, proxy, `http://127.0.0.1:${port}/`];
    const { stdout } = await promisify(execFile)("nsenter", command);
    expect(JSON.parse(stdout)).toEqual(["from outside", "ECONNREFUSED"]);
    expect(network.record.text()).toContain(`- GET http://127.0.0.1:${port}/ -> 200`);
  });
});

describe("trustIn()", () => {
  const certificate = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";
  const tree = (name: string, place: string, text: string) => {
    const root = join(folder, name);
    mkdirSync(join(root, place, ".."), { recursive: true });
    writeFileSync(join(root, place), text);
    utimesSync(join(root, place), 1000, 1000);
    return { root, file: join(root, place) };
  };

  test("adds a certificate and takes it out again, so that nothing is left", () => {
    const { root, file } = tree("plain", "etc/ssl/certs/ca-certificates.crt", "others");
    const distrust = trustIn(root, certificate);
    expect(readFileSync(file, "utf8")).toBe(
      `others\n\n# buildkit proxy CA begin\n${certificate}# buildkit proxy CA end\n`,
    );
    distrust();
    expect(readFileSync(file, "utf8")).toBe("others");
    expect(statSync(file).mtimeMs).toBe(1_000_000);
  });

  test("takes it out of what the step made of the file, too", () => {
    const { root, file } = tree("changed", "etc/ssl/cert.pem", "others\n");
    const distrust = trustIn(root, certificate);
    writeFileSync(file, `new\n${certificate}more\n`);
    distrust();
    expect(readFileSync(file, "utf8")).toBe("new\nmore\n");
  });

  test("follows links inside of the tree only", () => {
    const { root, file } = tree("linked", "etc/pki/real.pem", "inside\n");
    mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
    symlinkSync("/etc/pki/real.pem", join(root, "etc/ssl/certs/ca-certificates.crt"));
    trustIn(root, certificate);
    expect(readFileSync(file, "utf8")).toContain(certificate);
  });

  test("leaves a tree without such a file as it is", () => {
    mkdirSync(join(folder, "empty"));
    trustIn(join(folder, "empty"), certificate)();
  });
});
