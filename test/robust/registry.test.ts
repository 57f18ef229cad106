import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { imageOf } from "../support/base-image.ts";
import { Lab } from "../support/lab.ts";
import { type Lie, type LyingRegistry, startLyingRegistry, type Wanted } from "../support/lying-registry.ts";

let registry: LyingRegistry;
let lab: Lab;
beforeAll(async () => {
  registry = await startLyingRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  lab = new Lab();
  lab.write({ Dockerfile: `FROM ${registry.host}/library/busybox\nCOPY Dockerfile /\n` });
});
afterEach(() => lab[Symbol.dispose]());

const type = { "content-type": "application/vnd.oci.image.manifest.v1+json" };

/** Lies about one kind of thing. */
const about =
  (wanted: Wanted, lie: Lie): Lie =>
  (asked, ...rest) =>
    asked === wanted && lie(asked, ...rest);

/** Always this answer. */
const answer =
  (status: number, body = "", headers: Record<string, string> = {}): Lie =>
  (_wanted, _request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };

/** The honest bytes, changed. */
const changed =
  (change: (honest: Buffer) => Buffer): Lie =>
  (_wanted, request, response, honest) => {
    response.writeHead(200, type).end(request.method === "HEAD" ? undefined : change(honest));
    return true;
  };

const endless: Lie = (_wanted, request, response) => {
  response.writeHead(200, type);
  const chunk = Buffer.alloc(65_536, 32);
  const go = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", go);
  if (request.method === "HEAD") response.end();
  else go();
  return true;
};

const redirectToItself: Lie = (_wanted, request, response) => {
  response.writeHead(307, { location: request.url }).end();
  return true;
};

/** One error, the exit code, and nothing of a result. */
async function expectFailure(error: RegExp): Promise<void> {
  const target = ["--output", `type=oci,dest=${lab.folder}/out.tar`, "--metadata-file", `${lab.folder}/out.json`];
  const { code, log } = await lab.run(target);
  const errors = log.match(/^error: .*$/gm) ?? [];
  expect(errors, log).toHaveLength(1);
  expect(errors[0]).toMatch(/^error: failed to solve: /);
  expect(errors[0]).toMatch(error);
  expect(log).not.toMatch(/^ +at /m);
  expect(code).toBe(1);
  expect(readdirSync(lab.folder).filter((name) => name.startsWith("out."))).toEqual([]);
  for (const name of ["run", "content/ingest"]) expect(readdirSync(join(lab.root, name)), name).toEqual([]);
}

describe("a registry that", () => {
  test.each<[string, Lie, RegExp]>([
    ["wants a login", answer(401), /401 Unauthorized/],
    ["refuses", answer(403), /403 Forbidden/],
    ["wants hours of patience", answer(429, "", { "retry-after": "7200" }), /429 Too Many Requests/],
    ["redirects to itself", redirectToItself, /stopped after 10 redirects/],
    ["redirects to a file", answer(307, "", { location: "file:///etc/passwd" }), /cannot follow the redirect/],
    [
      "gives a web page for a manifest",
      about(
        "manifest",
        changed(() => Buffer.from("<html>")),
      ),
      /not JSON/,
    ],
    ["gives an endless manifest", about("manifest", endless), /rejecting \d+ byte manifest/],
    [
      "gives another config",
      about(
        "config",
        changed((b) => Buffer.alloc(b.length, 65)),
      ),
      /unexpected commit digest/,
    ],
    ["has no config", about("config", answer(404)), /from remote: not found/],
    ["has no layer", about("layer", answer(404)), /from remote: not found/],
    [
      "gives another layer",
      about(
        "layer",
        changed((b) => Buffer.alloc(b.length, 65)),
      ),
      /its digest is .*wanted/,
    ],
    [
      "gives too long a layer",
      about(
        "layer",
        changed((b) => Buffer.concat([b, b])),
      ),
      /more than its \d+ bytes/,
    ],
    ["gives an endless layer", about("layer", endless), /more than its \d+ bytes/],
    ["gives another range", about("layer", answer(206, "xx", { "content-range": "bytes 0-1/2" })), /content range/],
  ])("%s", async (_, lie, error) => {
    registry.lie = lie;
    await expectFailure(error);
  });

  test("is not there", async () => {
    lab.write({ Dockerfile: "FROM 127.0.0.1:1/x\n" });
    await expectFailure(/dial tcp 127.0.0.1:1: connect: connection refused/);
  });

  test("hangs up in the middle of a layer is asked for the rest", async () => {
    let hangs = 2;
    registry.lie = about("layer", (_wanted, _request, response, honest) => {
      if (hangs-- <= 0) return false;
      response.writeHead(200, { "content-length": honest.length });
      response.write(honest.subarray(0, 1000), () => response.destroy());
      return true;
    });
    const { out } = await lab.build();
    expect(existsSync(join(out, "bin/busybox"))).toBe(true);
  });
});

test("a layer that is not what the config says is refused, and its tree does not stay", async () => {
  const image = imageOf([Buffer.alloc(10_240)]);
  const [config = Buffer.alloc(0), layer = Buffer.alloc(0)] = image.blobs;
  const digest = `sha256:${"0".repeat(64)}`;
  const lied = Buffer.from(config.toString().replace(/"diff_ids":\["[^"]+"\]/, `"diff_ids":["${digest}"]`));
  const { createHash } = await import("node:crypto");
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const manifest = Buffer.from(
    image.manifest
      .toString()
      .replace(hash(config), hash(lied))
      .replace(`"size":${config.length}`, `"size":${lied.length}`),
  );
  await using liar = await startLyingRegistry({ ...image, blobs: [lied, layer], manifest });
  lab.write({ Dockerfile: `FROM ${liar.host}/x\nCOPY Dockerfile /\n` });
  await expectFailure(/its content is sha256:[0-9a-f]+, sha256:0+ wanted/);
  expect(readdirSync(join(lab.root, "snapshots"))).toEqual([]);
});
