import { expect, test } from "vitest";
import type { GatewayBridge } from "../engine/index.ts";
import type { policysession } from "../grpc/index.ts";
import { quietScope, raceSignal } from "../kit/index.ts";
import type { RemoteCaller } from "../tunnel/index.ts";
import { sourcepolicy } from "../wire/index.ts";
import { policySession } from "./policy-session.ts";

const { ALLOW, DENY, CONVERT } = sourcepolicy.PolicyAction;
const source = { identifier: "docker-image://docker.io/library/a:1", attrs: new Map<string, string>() };
type Answer = policysession.CheckPolicyResponse["result"];

/** A client that gives these answers one after the other. */
function verifier(answers: readonly Answer[]) {
  const asked: unknown[] = [];
  const unary = async (_: unknown, question: { source: unknown }) => ({
    result: answers[asked.push(question.source) - 1],
  });
  const caller = { client: { unary } } as unknown as RemoteCaller;
  return { verify: policySession(async () => caller), asked };
}
const bridge = {
  resolveImageConfig: async (name: string) => ({
    ref: `${name}@sha256:${"1".repeat(64)}`,
    digest: "sha256:1",
    config: "{}",
  }),
} as unknown as GatewayBridge;
const around = (signal = quietScope.signal) => ({ bridge, spend: () => {}, scope: { ...quietScope, signal } });
const decision = (action: number, more = {}): Answer => ({
  case: "decision",
  value: { action, denyMessages: [], ...more } as policysession.DecisionResponse,
});
const request = (identifier: string): Answer =>
  ({
    case: "request",
    value: { source: { identifier, attrs: new Map() }, resolveMode: "", logName: "", sourcePolicies: [] },
  }) as unknown as Answer;

test("a client that decides may allow, replace or deny a source", async () => {
  expect(await verifier([decision(ALLOW)]).verify(source, undefined, around())).toBeUndefined();
  const update = { identifier: "docker-image://docker.io/library/b:1", attrs: new Map([["a", "b"]]) };
  expect(await verifier([decision(CONVERT, { update })]).verify(source, undefined, around())).toEqual(update);
  const denied = verifier([decision(DENY, { denyMessages: [{ message: "not that one" }] })]);
  await expect(denied.verify(source, undefined, around())).rejects.toThrow(
    `source "${source.identifier}" not allowed by policy: action DENY`,
  );
});

test("it may ask first what the source is, and about no other", async () => {
  const { verify, asked } = verifier([request(source.identifier), decision(ALLOW)]);
  await verify(source, undefined, around());
  expect(asked).toEqual([{ source }, { source, image: { digest: "sha256:1", config: "{}" } }]);
  await expect(verifier([request("docker-image://other")]).verify(source, undefined, around())).rejects.toThrow(
    "policy requested different source identifier",
  );
});

test("one that never answers ends with the build", async () => {
  const unary = (_: unknown, __: unknown, { signal }: { signal: AbortSignal }) =>
    raceSignal(new Promise(() => {}), signal);
  const silent = policySession(async () => ({ client: { unary } }) as unknown as RemoteCaller);
  const build = new AbortController();
  const waiting = silent(source, undefined, around(build.signal));
  build.abort(new Error("the build is over"));
  await expect(waiting).rejects.toThrow("the build is over");
});
