import { describe, expect, test } from "vitest";
import { isLoopback, pullEndpoints, pushEndpoint } from "./endpoint.ts";

describe("pullEndpoints()", () => {
  test("sends docker.io to registry-1.docker.io and asks for the credentials of docker.io", () => {
    expect(pullEndpoints("docker.io", {})).toMatchObject([
      {
        scheme: "https",
        host: "registry-1.docker.io",
        prefix: "/v2",
        credentialsHost: "docker.io",
        standsFor: undefined,
      },
    ]);
  });

  test("tries mirrors in order before the host, each with its own options and path", () => {
    const hosts = {
      "docker.io": { mirrors: ["mirror.example/path/", "localhost:5000"] },
      "mirror.example": { http: true },
    };
    expect(pullEndpoints("docker.io", hosts)).toMatchObject([
      {
        scheme: "http",
        host: "mirror.example",
        prefix: "/v2/path",
        standsFor: "docker.io",
        credentialsHost: "mirror.example",
      },
      { scheme: "http", host: "localhost:5000", prefix: "/v2", standsFor: "docker.io" },
      { scheme: "https", host: "registry-1.docker.io", standsFor: undefined },
    ]);
  });

  test("takes no host option from the prototype of the table", () => {
    expect(pullEndpoints("constructor", {})).toMatchObject([{ scheme: "https", host: "constructor" }]);
  });
});

describe("pushEndpoint()", () => {
  test("never pushes to a mirror", () => {
    expect(pushEndpoint("r.example", { "r.example": { mirrors: ["m.example"] } }).host).toBe("r.example");
  });

  test.each([
    ["a remote host", "r.example", {}, "https", false],
    ["a loopback host", "127.0.0.1:5000", {}, "http", false],
    ["a loopback host with http = false", "127.0.0.1:5000", { http: false }, "https", false],
    ["http = true", "r.example", { http: true }, "http", false],
    ["insecure = true", "r.example", { insecure: true }, "https", true],
    ["insecure = true and http = false", "r.example", { insecure: true, http: false }, "https", false],
  ])("chooses the scheme for %s", (_, host, options, scheme, httpFallback) => {
    expect(pushEndpoint(host, { [host]: options })).toMatchObject({ scheme, httpFallback });
    expect(pushEndpoint(host, {}, options)).toMatchObject({ scheme, httpFallback });
  });
});

test("isLoopback() knows names, addresses and ports", () => {
  expect(["localhost", "localhost:1", "127.9.9.9:80", "[::1]:5000"].every(isLoopback)).toBe(true);
  expect(["localhost.example", "128.0.0.1", "127.example", "registry"].some(isLoopback)).toBe(false);
});
