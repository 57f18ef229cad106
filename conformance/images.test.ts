import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRegistry, type TestRegistry } from "../test/support/registry.ts";
import { exceptions } from "./image-export/exceptions.ts";
import { normalForm } from "./image-export/normal-form.ts";
import { capturedRegistry, observe, type Snapshotter } from "./image-export/observe.ts";
import { type Recording, readRecordings } from "./image-export/recording.ts";
import { baseImage, scannerImage } from "./image-export/surroundings.ts";

/** Where and when the captures were made. */
const captured = { from: 1795357500, registry: capturedRegistry };

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  await registry.push(baseImage(), "library/busybox", "latest");
  await registry.push(scannerImage(), "golden/scanner", "v1");
});
afterAll(() => registry[Symbol.asyncDispose]());

const recordings = [...readRecordings()];

async function expectUpstreams(recorded: Recording, snapshotter: Snapshotter): Promise<void> {
  // The clock by which files are dated lags behind by some milliseconds, which may be in the second before.
  const from = Math.floor(Date.now() / 1000) - 1;
  const observed = await observe(recorded, registry, snapshotter);
  const ours = normalForm(observed, { from, registry: registry.host });
  expect(ours, observed.log).toEqual(normalForm(recorded, captured));
}

describe.concurrent("each captured build comes out as upstream's", () => {
  for (const [name, recorded] of recordings.filter(([name]) => !exceptions.has(name))) {
    it(name, () => expectUpstreams(recorded, "overlayfs"));
  }
});

describe.concurrent("the same with whole trees as snapshots", () => {
  const names = ["oci-default", "oci-run", "oci-nochange", "oci-config-full", "oci-epoch-rewrite-run", "tar-copy"];
  for (const [name, recorded] of recordings.filter(([name]) => names.includes(name))) {
    it(name, () => expectUpstreams(recorded, "native"));
  }
});
