/** What provenance tells of whole builds: the captures of upstream's are compared in conformance/images.test.ts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256 } from "../src/kit/index.ts";
import { hasAllRights } from "../src/sys/index.ts";
import { type Json, outcomes } from "./support/lab.ts";
import { startRepository } from "./support/repository.ts";
import { useLab } from "./support/use-lab.ts";
import { startWeb } from "./support/web.ts";

const here = useLab();

/** The predicate of a build, and how its steps ended. */
async function provenanceOf(attest: string, args: readonly string[] = [], flags = ""): Promise<Json> {
  const { out, log } = await here.lab.build(["--opt", `attest:provenance=${attest}`, ...args], flags);
  const { predicate } = JSON.parse(here.lab.read(join(out, "provenance.json")));
  return { ...predicate, outcomes: [...outcomes(log).values()] };
}
const hexOf = (text: string) => sha256(text).slice("sha256:".length);

describe("what a build used", () => {
  test("is told, whether steps run or come from the cache; names of secrets, and no credentials", async () => {
    await using web = await startWeb({ "/file.txt": { body: "downloaded" } });
    await using repository = await startRepository("sha1", "echo x > x; git add .; git commit -qm one");
    const withLogin = (url: string) => url.replace("http://", "http://me:password@");
    here.lab.write({
      Dockerfile: `
FROM busybox
ADD ${withLogin(web.url)}/file.txt /file
ADD ${withLogin(repository.url)}#master /repository
COPY a.txt /a
RUN --network=none --mount=type=secret,id=token,required=true --mount=type=ssh cat /file > /out
`,
      "a.txt": "a",
    });
    writeFileSync(join(here.lab.folder, "token"), "the-secret-itself");
    const args = ["--secret", `id=token,src=${here.lab.folder}/token`];
    const first = await provenanceOf("mode=max", args);
    const second = await provenanceOf("mode=max", args);
    expect(first.outcomes).not.toContain("cached");
    expect(second.outcomes).toContain("cached");
    for (const { buildDefinition, runDetails } of [first, second]) {
      const uses = buildDefinition.resolvedDependencies.map(({ uri, digest }: Json) => [uri, Object.keys(digest)]);
      expect(uses).toEqual([
        ["pkg:docker/busybox@latest?platform=linux%2Famd64", ["sha256"]],
        [`${repository.url.replace("http://", "http://xxxxx:xxxxx@")}#master`, ["sha1"]],
        [`${web.url.replace("http://", "http://xxxxx:xxxxx@")}/file.txt`, ["sha256"]],
      ]);
      expect(buildDefinition.resolvedDependencies[1].digest.sha1).toBe(repository.commit("master"));
      expect(buildDefinition.resolvedDependencies[2].digest.sha256).toBe(hexOf("downloaded"));
      const { request } = buildDefinition.externalParameters;
      expect(request.secrets).toEqual([
        { id: "GIT_AUTH_HEADER", optional: true },
        { id: "GIT_AUTH_TOKEN", optional: true },
        { id: "token" },
      ]);
      expect(request.ssh).toEqual([{ id: "default", optional: true }]);
      expect(request.locals).toEqual([{ name: "context" }, { name: "dockerfile" }]);
      expect(runDetails.metadata.buildkit_completeness).toEqual({ request: true, resolvedDependencies: false });
      expect(runDetails.metadata.buildkit_hermetic).toBeUndefined();
    }
    expect(JSON.stringify(first)).not.toContain("the-secret-itself");
    expect(second.runDetails.metadata.invocationId).not.toBe(first.runDetails.metadata.invocationId);
  });

  test("is complete and hermetic, when the context is a repository and no step reaches the network", async () => {
    const script =
      "mkdir src; printf 'FROM scratch\\nCOPY Dockerfile /\\n' > src/Dockerfile; git add .; git commit -qm 1";
    await using repository = await startRepository("sha256", script);
    const context = `${repository.url}#master:src`;
    const { out } = await here.lab.build(["--opt", `context=${context}`, "--opt", "attest:provenance=mode=min"]);
    const { predicate } = JSON.parse(here.lab.read(join(out, "provenance.json")));
    expect(predicate.buildDefinition.externalParameters.configSource).toEqual({
      uri: context,
      digest: { sha256: repository.commit("master") },
    });
    expect(predicate.runDetails.metadata.buildkit_completeness).toEqual({ request: true, resolvedDependencies: true });
    expect(predicate.runDetails.metadata.buildkit_hermetic).toBe(true);
  });

  test.skipIf(!hasAllRights())(
    "is also what steps fetch, when they have the builder's proxy for a network",
    async () => {
      await using web = await startWeb({ "/file.txt": { body: "fetched" } });
      here.lab.write({
        Dockerfile: `FROM busybox\nRUN wget -q -O /got ${web.url}/file.txt; wget -q -O- ${web.url}/none || true\n`,
      });
      const { buildDefinition, runDetails } = await provenanceOf("mode=min", ["--proxy-network"]);
      const fetched = buildDefinition.resolvedDependencies.find(({ uri }: Json) => uri === `${web.url}/file.txt`);
      expect(fetched?.digest).toEqual({ sha256: hexOf("fetched") });
      const { mode, proxy } = runDetails.metadata.buildkit_metadata.network;
      expect([mode, proxy.incomplete.map(({ uri }: Json) => uri)]).toEqual(["proxy", [`${web.url}/none`]]);
    },
  );

  test("is an error when it must be complete and is not", async () => {
    here.lab.write({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const args = [
      "--opt",
      "attest:provenance=complete-materials=true",
      "--output",
      `type=tar,dest=${here.lab.folder}/x.tar`,
    ];
    const { code, log } = await here.lab.run(args);
    expect(code).toBe(1);
    expect(log).toContain("provenance materials are incomplete");
    expect(log).toContain("reason: local_source");
  });
});

describe("what is asked for", () => {
  test("file name, version and builder's id are the user's, and the operator adds what is true of the machine", async () => {
    const folder = join(here.lab.folder, "provenance.d");
    mkdirSync(folder);
    writeFileSync(join(folder, "zone.json"), '{"zone":"a"}');
    writeFileSync(join(folder, "README"), "no JSON");
    writeFileSync(join(here.lab.folder, "buildkitd.toml"), `provenanceEnvDir = "${folder}"\n`);
    here.lab.write({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const attest = "version=v0.2,mode=min,builder-id=https://ci.example/7,filename=how.json";
    const { out } = await here.lab.build(["--opt", `attest:provenance=${attest}`]);
    const { predicateType, predicate } = JSON.parse(here.lab.read(join(out, "how.json")));
    expect(predicateType).toBe("https://slsa.dev/provenance/v0.2");
    expect(predicate.builder.id).toBe("https://ci.example/7");
    expect(predicate.invocation.environment).toMatchObject({ platform: "linux/amd64", zone: "a" });
  });

  test("a mistake in it is told", async () => {
    here.lab.write({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const args = ["--opt", "attest:provenance=version=v9", "--output", `type=tar,dest=${here.lab.folder}/x.tar`];
    const { code, log } = await here.lab.run(args);
    expect(code).toBe(1);
    expect(log).toContain("invalid provenance SLSA version: v9");
  });
});
