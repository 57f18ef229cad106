import { expect, test } from "vitest";
import { CooperError } from "../kit/index.ts";
import { encode, pb } from "../wire/index.ts";
import { errorStatus, solveErrorStatus } from "./error-status.ts";
import type { RpcStatus } from "./rpc-error.ts";

const range = { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } };
const source = { filename: "Dockerfile", data: Buffer.from("FROM x"), language: "Dockerfile" };
const op = encode(pb.Op, { op: { case: "exec", value: { meta: { args: ["false"] } } } });

function failedStep() {
  const exit = new CooperError("ops/exec-failed", "exit code: 3", { details: { kind: "exit", code: 3 } });
  const details = { kind: "vertex", vertex: "sha256:ab", op, description: new Map([["llb.customname", "x"]]) };
  const vertex = new CooperError("solver/vertex-failed", "exit code: 3", { cause: exit, details });
  return new CooperError("ops/exec-failed", "exit code: 3", {
    cause: vertex,
    details: { kind: "source", source, ranges: [range] },
  });
}
const plain = ({ details }: RpcStatus) =>
  details.map(({ typeUrl, value }) => [
    typeUrl.replace("github.com/moby/buildkit/", ""),
    JSON.parse(Buffer.from(value).toString("utf8")),
  ]);

// Types, order and JSON are those of BuildKit's answers to a failing RUN and to an unknown subrequest.
test("a failed step tells where it stands, which vertex it is and how it exited, after where that was thrown", () => {
  const [stack, ...rest] = plain(errorStatus(failedStep()));
  expect(stack?.[0]).toBe("stack.Stack+json");
  expect(stack?.[1].frames[0]).toMatchObject({ Name: "failedStep", Line: expect.any(Number) });
  expect(rest).toEqual([
    [
      "errdefs.Source+json",
      {
        info: { filename: "Dockerfile", data: "RlJPTSB4", language: "Dockerfile" },
        ranges: [{ start: { line: 3 }, end: { line: 3 } }],
      },
    ],
    ["errdefs.Vertex+json", { digest: "sha256:ab" }],
    ["gatewayapi.ExitMessage+json", { Code: 3 }],
  ]);
});

test("which frontend failed is told, and of which image it is", () => {
  const told = (frontend: { readonly name: string; readonly source?: string }) =>
    plain(solveErrorStatus(failedStep(), frontend)).filter(([type]) => type === "errdefs.Frontend+json");
  expect(told({ name: "dockerfile.v0" })).toEqual([["errdefs.Frontend+json", { name: "dockerfile.v0" }]]);
  expect(told({ name: "gateway.v0", source: "a/b" })[0]?.[1]).toEqual({ name: "gateway.v0", source: "a/b" });
});

test("a frontend also hears which op failed, and which action of a file op", () => {
  const solve = (error: unknown) => plain(solveErrorStatus(error)).find(([type]) => type === "errdefs.Solve+json")?.[1];
  expect(solve(failedStep())).toEqual({
    op: { exec: { meta: { args: ["false"] } } },
    description: { "llb.customname": "x" },
  });
  expect(solve(new CooperError("ops/x", "no", { details: { kind: "file-action", index: 2 } }))).toEqual({
    file: { index: "2" },
  });
  expect(solve(new CooperError("kit/x", "no"))).toEqual({});
  const ids = { op, description: new Map(), inputIds: ["a"], mountIds: ["", "b"] };
  const failed = { kind: "solve", ...ids, subject: { kind: "cache", index: 0 } };
  expect(solve(new CooperError("ops/x", "no", { details: failed }))).toEqual({
    inputIDs: ["a"],
    mountIDs: ["", "b"],
    op: { exec: { meta: { args: ["false"] } } },
    cache: {},
  });
});

test("an unknown subrequest is named", () => {
  const error = new CooperError("dockerfile/unsupported-request", "unsupported request x", {
    details: { kind: "subrequest", name: "x" },
  });
  expect(plain(errorStatus(error)).slice(1)).toEqual([["errdefs.Subrequest+json", { name: "x" }]]);
});

test("what provenance could not tell is listed", () => {
  const materials = [{ name: "context", reason: "local_source" }];
  const error = new CooperError("provenance/incomplete", "incomplete", {
    details: { kind: "incomplete-materials", materials },
  });
  expect(plain(errorStatus(error)).slice(1)).toEqual([
    ["errdefs.ProvenanceMaterialsIncomplete+json", { incomplete: materials }],
  ]);
});
