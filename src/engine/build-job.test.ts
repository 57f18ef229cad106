import { expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { BuildJob } from "./build-job.ts";
import type { BuildRequest } from "./contract.ts";
import type { EngineParts } from "./parts.ts";
import { RequestStore } from "./provenance/request-store.ts";

test("what a frontend solves when its build is over is not remembered for good", async () => {
  let added = 0;
  class CountedRequests extends RequestStore {
    override add(...words: Parameters<RequestStore["add"]>) {
      added++;
      return super.add(...words);
    }
  }
  const solver = { job: () => ({ close: async () => {} }) };
  const parts = { solver, imageResolver: () => ({}), requests: new CountedRequests() } as unknown as EngineParts;
  const request = { frontend: "dockerfile.v0", frontendOptions: {} } as unknown as BuildRequest;
  const job = new BuildJob(parts, request, {} as ConstructorParameters<typeof BuildJob>[2], () => {}, quietScope);
  await job[Symbol.asyncDispose]();
  const edge = { vertex: { digest: "sha256:1" }, output: 0 } as unknown as Parameters<BuildJob["solved"]>[0];
  const log = { solved: new Set(), asked: { frontend: "", options: {}, inputs: new Map() } };
  expect(() => job.solved(edge, log as unknown as Parameters<BuildJob["solved"]>[1])).toThrow("context canceled");
  expect(added).toBe(0);
});
