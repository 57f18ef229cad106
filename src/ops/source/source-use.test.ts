import { expect, it } from "vitest";
import { sha256 } from "../../kit/index.ts";
import { sourceUse } from "./source-use.ts";

const digest = sha256("x");
const platform = { os: "linux", architecture: "arm64" };
const use = (identifier: string, attrs: Readonly<Record<string, string>> = {}, found: string | undefined = digest) =>
  sourceUse({ identifier, attrs: new Map(Object.entries(attrs)) }, platform, found);

it("tells what each kind of source was used as", () => {
  expect([
    use("docker-image://docker.io/library/busybox:latest")?.what,
    use(`oci-layout://store@${digest}`)?.what,
    use(`docker-image+blob://registry.example/b@${digest}`)?.what,
    use("https://host.example/f")?.what,
    use("local://context", {}, undefined)?.what,
  ]).toEqual([
    { kind: "image", ref: "docker.io/library/busybox:latest", digest, local: false, platform },
    { kind: "image", ref: `store@${digest}`, digest, local: true, platform },
    { kind: "blob", ref: `registry.example/b@${digest}`, digest, local: false },
    { kind: "http", url: "https://host.example/f", digest },
    { kind: "local", name: "context" },
  ]);
});

it("a repository comes with the names of the secrets that it may have needed", () => {
  const commit = "a".repeat(40);
  const attrs = { "git.fullurl": "https://host.example/r.git", "git.authtokensecret": "T", "git.mountsshsock": "s" };
  expect(use("git://host.example/r.git#v1:src", attrs, commit)).toEqual({
    what: { kind: "git", url: "https://host.example/r.git#v1", commit },
    secrets: ["T"],
    ssh: ["s"],
  });
});

it("says nothing of what was never looked at", () => {
  expect(sourceUse({ identifier: "https://host.example/f", attrs: new Map() }, undefined, undefined)).toBeUndefined();
});
