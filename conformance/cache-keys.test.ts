import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "../test/support/base-image.ts";
import { Lab } from "../test/support/lab.ts";
import { startRegistry, type TestRegistry } from "../test/support/registry.ts";
import { writeContext } from "./cache-keys/context.ts";
import { plainRecords } from "./cache-keys/records.ts";

/** A build, and the records that BuildKit's cache of it had. */
interface Case {
  readonly name: string;
  readonly dockerfile: string;
  readonly ignore?: string;
  readonly options?: readonly string[];
  readonly records: readonly string[];
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL("cache-keys/cases.json", import.meta.url), "utf8"));

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

/** The digests of files tell of the umask of steps and of numbers of devices, which are the same on all machines. */
describe("the keys in a cache are BuildKit's", () => {
  for (const { name, dockerfile, ignore, options = [], records } of cases) {
    // A step's key has its platform, and these were made on amd64.
    test.skipIf(dockerfile.includes("RUN") && process.arch !== "x64")(name, async () => {
      using lab = new Lab(registry);
      writeContext(lab.context);
      writeFileSync(join(lab.context, "Dockerfile"), dockerfile);
      if (ignore !== undefined) writeFileSync(join(lab.context, ".dockerignore"), ignore);
      const cache = join(lab.folder, "cache");
      const { code, log } = await lab.run([...options, "--export-cache", `type=local,dest=${cache},mode=max`]);
      expect(code, log).toBe(0);
      const read = (file: string) => JSON.parse(lab.read(join(cache, file)));
      const blob = (digest: string) => read(`blobs/${digest.replace(":", "/")}`);
      const config = blob(blob(read("index.json").manifests[0].digest).config.digest);
      expect(plainRecords(config, busyboxImage())).toEqual(records);
    });
  }
});
