import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeS3, s3KeyId, startS3 } from "./support/fake-s3.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();
let bucket: FakeS3;
beforeEach(async () => {
  bucket = await startS3();
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "hello\n" });
});
afterEach(() => bucket[Symbol.asyncDispose]());

const dockerfile = `
FROM busybox AS build
COPY a.txt /in/
RUN head -c 8 /dev/urandom | od -An -tx1 > /random && cat /in/a.txt > /built
FROM busybox
COPY --from=build /built /random /out/
`;

const place = (keyId = s3KeyId) =>
  `type=s3,bucket=team,region=test-1,prefix=app/,name=main;other,endpoint_url=${bucket.url},use_path_style=true,access_key_id=${keyId},secret_access_key=secret`;

test("a cache in a bucket brings every step to a machine that has nothing", async () => {
  const first = await here.lab.build(["--export-cache", `${place()},mode=max`]);
  expect(first.log).toMatch(/^#\d+ exporting cache to Amazon S3$/m);
  expect(first.log).toMatch(/^#\d+ writing layer sha256:\S+ .*done$/m);
  const random = readFileSync(join(first.out, "out/random"), "utf8");
  const manifests = [...bucket.objects.keys()].filter((key) => key.startsWith("team/app/manifests/"));
  expect(manifests).toEqual(["team/app/manifests/main", "team/app/manifests/other"]);
  const config = JSON.parse(String(bucket.objects.get("team/app/manifests/main")));
  for (const { blob, annotations } of config.layers) {
    const { length } = bucket.objects.get(`team/app/blobs/${blob}`) as Buffer;
    expect(annotations).toMatchObject({ size: length, diffID: expect.stringMatching(/^sha256:/) });
  }
  rmSync(here.lab.root, { recursive: true });
  bucket.calls.length = 0;
  const second = await here.lab.build(["--import-cache", place(), "--export-cache", `${place()},mode=max`]);
  expect(second.log).toMatch(/COPY a.txt \/in\/\n#\d+ CACHED/);
  expect(second.log).toMatch(/RUN head [^\n]*\n#\d+ CACHED/);
  expect(readFileSync(join(second.out, "out/random"), "utf8")).toBe(random);
  expect(bucket.calls.filter((call) => call.startsWith("PUT"))).toEqual([
    "PUT team/app/manifests/main",
    "PUT team/app/manifests/other",
  ]);
});

test("blobs that are older than touch_refresh are made young again", async () => {
  await here.lab.build(["--export-cache", place()]);
  await here.lab.build(["--export-cache", `${place()},touch_refresh=1ns`]);
  expect(bucket.calls.filter((call) => call.startsWith("COPY team/app/blobs/sha256:"))).not.toEqual([]);
});

test("a bucket that has none yet is no error, and one that is busy is asked again", async () => {
  bucket.failures = 2;
  const { log } = await here.lab.build(["--import-cache", place()]);
  expect(log).not.toContain("ERROR");
  expect(bucket.calls).toEqual(Array(3).fill("GET team/app/manifests/main"));
});

test("who is refused fails the build, unless errors are ignored", async () => {
  const refused = await here.lab.run(["--export-cache", place("STRANGER")]);
  expect(refused.code).toBe(1);
  expect(refused.log).toContain("operation error S3: HeadObject: ");
  const ignored = await here.lab.run(["--export-cache", `${place("STRANGER")},ignore-error=true`]);
  expect(ignored.code).toBe(0);
});

test("what is not said and not in the environment is asked for by name", async () => {
  const { code, log } = await here.lab.run(["--export-cache", "type=s3,region=test-1"]);
  expect(code).toBe(1);
  expect(log).toContain("bucket ($AWS_BUCKET) not set for s3 cache");
});
