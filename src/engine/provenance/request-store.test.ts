import { expect, it } from "vitest";
import { buildDefinition, image } from "../../llb/index.ts";
import type { AskedRequest } from "../../provenance/index.ts";
import { frontendRequest, RequestStore, rootRequest } from "./request-store.ts";

const platform = { os: "linux", architecture: "amd64" };
const { bytes: definition, head } = buildDefinition(image("docker.io/library/busybox:latest", { platform }), {
  platform,
});
const maker: AskedRequest = { frontend: "dockerfile.v0", options: { target: "base" }, inputs: new Map() };

it("an input is known by whoever made it, while that build runs", () => {
  const store = new RequestStore();
  if (head === undefined) throw new Error("scratch");
  const inputs = new Map([["base", { definition }]]);
  const ask = () => frontendRequest("dockerfile.v0", { options: {}, inputs }, store).inputs.get("base");
  expect(ask()).toEqual([]);
  {
    using _ = store.add(head.digest, maker);
    expect(ask()).toEqual([maker]);
  }
  expect(ask()).toEqual([]);
});

it("a definition that nobody can read comes from nobody", () => {
  expect(new RequestStore().makersOf(Buffer.from("no definition"))).toEqual([]);
});

it("the frontend image dockerfile.v0 is the frontend of that name", () => {
  const options = { source: "dockerfile.v0", target: "x" };
  expect(frontendRequest("gateway.v0", { options, inputs: new Map() }, new RequestStore())).toEqual({
    frontend: "dockerfile.v0",
    options: { target: "x" },
    inputs: new Map(),
  });
});

it("a build whose client asks the frontend was asked for no frontend itself", () => {
  const request = {
    ...{ ref: "r", frontend: "dockerfile.v0", frontendOptions: { a: "b" }, exporters: [], entitlements: [] },
    ...{ cacheImports: [], cacheExports: [], noCache: false, clientAsks: true },
  };
  expect(rootRequest(request, new RequestStore())).toEqual({ frontend: "", options: { a: "b" }, inputs: new Map() });
});
