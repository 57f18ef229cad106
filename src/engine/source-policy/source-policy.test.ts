import { describe, expect, it } from "vitest";
import { quietScope, sha256 } from "../../kit/index.ts";
import { unmarshalDefinition } from "../../llb/index.ts";
import { encode, type Init, pb, sourcepolicy } from "../../wire/index.ts";
import type { GatewayBridge, VerifySource } from "../contract.ts";
import { applyPolicy } from "./apply-policy.ts";
import { SourcePolicy } from "./policy.ts";
import { requestCheck, withProxyNetwork } from "./proxy-network.ts";
import { type SourceCheck, sourceCheck } from "./source-check.ts";

const { ALLOW, DENY, CONVERT } = sourcepolicy.PolicyAction;
const { EXACT, REGEX } = sourcepolicy.MatchType;
const policy = (...rules: Init<sourcepolicy.Rule>[]) =>
  new SourcePolicy([encode(sourcepolicy.Policy, { version: 1n, rules })]);
const source = (identifier: string, attrs: Record<string, string> = {}) => ({
  identifier,
  attrs: new Map(Object.entries(attrs)),
});
const rule = (
  action: number,
  identifier: string,
  more: Init<sourcepolicy.Selector> = {},
  to?: Init<sourcepolicy.Update>,
) => ({
  action,
  selector: { identifier, ...more },
  ...(to && { updates: to }),
});
const alpine = "docker-image://docker.io/library/alpine:3.18";

describe("SourcePolicy", () => {
  it("denies by wildcard, and the last of the rules that allow and deny counts", () => {
    const said = `source "${alpine}" denied by policy: source denied by policy`;
    expect(() => policy(rule(DENY, "docker-image://*")).evaluate(source(alpine))).toThrow(said);
    expect(() => policy(rule(ALLOW, "*"), rule(DENY, alpine)).evaluate(source(alpine))).toThrow(said);
    const kept = source(alpine);
    expect(policy(rule(DENY, "docker-image://*"), rule(ALLOW, "*alpine*")).evaluate(kept)).toBe(kept);
    expect(policy(rule(DENY, "docker-image://*/busybox*")).evaluate(kept)).toBe(kept);
    expect(policy(rule(DENY, "docker-image://*", { matchType: EXACT })).evaluate(kept)).toBe(kept);
  });

  it("replaces with what the pattern caught, until nothing changes any more", () => {
    const to = { identifier: `docker-image://mirror.example/$\{1}` };
    expect(
      policy(rule(CONVERT, "docker-image://docker.io/library/*", {}, to)).evaluate(source(alpine)).identifier,
    ).toBe("docker-image://mirror.example/alpine:3.18");
    const regex = rule(
      CONVERT,
      "^docker-image://docker.io/library/(alpine):(?<v>.*)$",
      { matchType: REGEX },
      {
        identifier: `docker-image://docker.io/library/$1:x-$\{v}$$`,
      },
    );
    expect(() => policy(regex).evaluate(source(alpine))).toThrow(
      "too many mutations on a single source: too many operations",
    );
    const chain = policy(rule(CONVERT, "a", {}, { identifier: "b" }), rule(CONVERT, "b", {}, { identifier: "c" }));
    expect(chain.evaluate(source("a")).identifier).toBe("c");
  });

  it("adds attributes, and looks at them", () => {
    const checksum = { attrs: new Map([["http.checksum", "sha256:1"]]) };
    const got = policy(rule(CONVERT, "https://x/f", {}, checksum)).evaluate(source("https://x/f", { a: "b" }));
    expect(got).toEqual(source("https://x/f", { a: "b", "http.checksum": "sha256:1" }));
    const constraints = [{ key: "http.checksum", value: "^sha256:", condition: sourcepolicy.AttrMatch.MATCHES }];
    const deny = policy(rule(DENY, "https://*", { constraints }));
    expect(() => deny.evaluate(got)).toThrow("denied by policy");
    expect(deny.evaluate(source("https://x/f")).identifier).toBe("https://x/f");
  });

  it("refuses rules that say nothing, and patterns that cannot be read", () => {
    expect(() => policy({ action: DENY })).toThrow("invalid nil selector in policy");
    expect(() => policy(rule(DENY, "a**"))).toThrow('invalid wildcard: "**"');
    expect(() => policy(rule(DENY, "(", { matchType: REGEX }))).toThrow('invalid regex "("');
    expect(() => policy(rule(CONVERT, "*")).evaluate(source("x"))).toThrow("missing destination for convert rule");
  });
});

const checkOf =
  (one: SourcePolicy): SourceCheck =>
  async (source) =>
    one.evaluate(source);

describe("applyPolicy()", () => {
  const image = encode(pb.Op, { op: { case: "source", value: { identifier: alpine } } });
  const local = encode(pb.Op, { op: { case: "source", value: { identifier: "local://context" } } });
  const merge = encode(pb.Op, {
    inputs: [{ digest: sha256(image) }, { digest: sha256(local) }],
    op: { case: "merge", value: { inputs: [{ input: 0n }, { input: 1n }] } },
  });
  const head = encode(pb.Op, { inputs: [{ digest: sha256(merge) }] });
  const description = new Map([["llb.customname", "the merge"]]);
  const definition = encode(pb.Definition, {
    def: [merge, image, local, head],
    metadata: new Map([[sha256(merge), { description }]]),
    source: {
      locations: new Map([[sha256(image), { locations: [{ sourceIndex: 0 }] }]]),
      infos: [{ filename: "Dockerfile" }],
    },
  });

  it("gives everything that uses a replaced source its new digest, with what belongs to it", async () => {
    const to = { identifier: "docker-image://docker.io/library/busybox:1" };
    const bytes = await applyPolicy(definition, checkOf(policy(rule(CONVERT, alpine, {}, to))));
    const { vertices, source: places } = unmarshalDefinition(bytes);
    const names = vertices.map(({ op: { body } }) => (body.kind === "source" ? body.identifier : body.kind));
    expect(names).toEqual(["docker-image://docker.io/library/busybox:1", "local://context", "merge"]);
    expect(vertices[1]?.digest).toBe(sha256(local));
    expect(vertices[2]?.metadata.description).toEqual(description);
    expect([...places.locations.keys()]).toEqual([vertices[0]?.digest]);
  });

  it("leaves a definition that it does not touch as it is, and refuses one with a denied source", async () => {
    expect(await applyPolicy(definition, checkOf(policy(rule(DENY, "git://*"))))).toBe(definition);
    await expect(applyPolicy(definition, checkOf(policy(rule(DENY, "local://*"))))).rejects.toThrow(
      'error evaluating the source policy: source "local://context" denied by policy: source denied by policy',
    );
  });
});

describe("sourceCheck()", () => {
  const bridge = () => ({}) as unknown as GatewayBridge;
  it("asks the verifier after the policy, again for what it puts in the place, and not without end", async () => {
    const asked: string[] = [];
    const verify: VerifySource = async ({ identifier, attrs }, _, { spend }) => {
      spend();
      asked.push(identifier);
      return identifier === "b" ? { identifier: "c", attrs } : undefined;
    };
    const first = policy(rule(CONVERT, "a", {}, { identifier: "b" }));
    const check = sourceCheck(first, verify, bridge, quietScope);
    expect((await check?.(source("a"), undefined))?.identifier).toBe("c");
    expect(asked).toEqual(["b", "c"]);
    const endless: VerifySource = async (one, _, { spend }) => {
      spend();
      return one;
    };
    await expect(sourceCheck(undefined, endless, bridge, quietScope)?.(source("a"), undefined)).rejects.toThrow(
      "too many policy requests",
    );
    expect(sourceCheck(undefined, undefined, bridge, quietScope)).toBeUndefined();
  });

  it("names things as they are canonically, and changes none for that alone", async () => {
    const git = source("git://x/r.git#main:../a/./b");
    const check = sourceCheck(policy(rule(DENY, "git://x/r.git#main:a/b")), undefined, bridge, quietScope);
    await expect(check?.(git, undefined)).rejects.toThrow("denied by policy");
    const other = sourceCheck(policy(rule(DENY, "nothing")), undefined, bridge, quietScope);
    expect(await other?.(git, undefined)).toBe(git);
  });
});

describe("withProxyNetwork()", () => {
  const exec = (network: number) =>
    encode(pb.Op, {
      op: { case: "exec", value: { meta: { args: ["true"] }, mounts: [{ dest: "/", input: -1n }], network } },
    });
  const definitionOf = (head: Uint8Array) =>
    encode(pb.Definition, { def: [head, encode(pb.Op, { inputs: [{ digest: sha256(head) }] })] });
  const bodyOf = (bytes: Uint8Array) => unmarshalDefinition(bytes).vertices[0]?.op.body;

  it("puts steps with a network behind the proxy, and leaves the others", () => {
    for (const network of [pb.NetMode.UNSET, pb.NetMode.HOST]) {
      const before = definitionOf(exec(network));
      expect(bodyOf(before)).not.toHaveProperty("proxyNetwork");
      expect(bodyOf(withProxyNetwork(before))).toMatchObject({ kind: "exec", proxyNetwork: true });
    }
    const offline = definitionOf(exec(pb.NetMode.NONE));
    expect(withProxyNetwork(offline)).toBe(offline);
  });
});

describe("requestCheck()", () => {
  const url = "https://a.example/f";
  const checkBy = (one: SourcePolicy) => requestCheck(() => sourceCheck(one, undefined, bridge, quietScope));
  const bridge = () => ({}) as unknown as GatewayBridge;

  it("lets policies allow, deny and replace what steps ask for", async () => {
    expect(await requestCheck(() => undefined)(url, "POST")).toBe(url);
    await expect(checkBy(policy(rule(DENY, "https://*")))(url, "GET")).rejects.toThrow("denied by policy");
    const to = { identifier: "https://b.example/g" };
    expect(await checkBy(policy(rule(CONVERT, url, {}, to)))(url, "GET")).toBe(to.identifier);
  });

  it("replaces the address of a GET, and nothing else", async () => {
    const to = checkBy(policy(rule(CONVERT, url, {}, { identifier: "https://b.example/g" })));
    await expect(to(url, "POST")).rejects.toThrow("conversion is only supported for GET");
    const attrs = checkBy(policy(rule(CONVERT, url, {}, { attrs: new Map([["http.checksum", "sha256:1"]]) })));
    await expect(attrs(url, "GET")).rejects.toThrow("only supports URL updates");
    const elsewhere = checkBy(policy(rule(CONVERT, url, {}, { identifier: "git://x/y" })));
    await expect(elsewhere(url, "GET")).rejects.toThrow("unsupported URL");
  });
});
