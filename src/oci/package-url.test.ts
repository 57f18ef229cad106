import { describe, expect, it } from "vitest";
import { imagePackageUrl } from "./package-url.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("imagePackageUrl()", () => {
  it.each([
    ["alpine", undefined, "pkg:docker/alpine@latest"],
    ["docker.io/library/alpine:3.15", "amd64", "pkg:docker/alpine@3.15?platform=linux%2Famd64"],
    ["127.0.0.1:5000/a/b:v1", "arm64", "pkg:docker/127.0.0.1%3A5000/a/b@v1?platform=linux%2Farm64"],
    [`example.com/a@${digest}`, undefined, `pkg:docker/example.com/a?digest=${digest}`],
    [`example.com/a:v1@${digest}`, "amd64", `pkg:docker/example.com/a@v1?digest=${digest}&platform=linux%2Famd64`],
  ])("names %s (%s) as upstream does", (name, architecture, url) => {
    const platform = architecture === undefined ? undefined : { os: "linux", architecture };
    expect(imagePackageUrl("docker", name, platform)).toBe(url);
  });
});
