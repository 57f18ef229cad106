import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CooperError, quietScope, sha256 } from "../../kit/index.ts";
import { type Op, unmarshalDefinition } from "../../llb/index.ts";
import type { FrontendBridge, FrontendRef, FrontendRequest, FrontendResult } from "../contract.ts";
import { dockerfileFrontend } from "./index.ts";

/** A bridge with one Dockerfile; every image is there, with one layer, for linux/amd64. */
class OneFile implements FrontendBridge {
  readonly sessionId = "session";
  readonly workerPlatforms = [{ os: "linux", architecture: "amd64" }];
  readonly definitions = new Map<string, Uint8Array>();
  readonly resolved: string[] = [];
  readonly warnings: string[] = [];
  readonly #dockerfile: string | Uint8Array;
  constructor(dockerfile: string | Uint8Array) {
    this.#dockerfile = dockerfile;
  }

  async solve({ definition }: { readonly definition: Uint8Array }): Promise<FrontendRef> {
    const id = `ref-${this.definitions.size}`;
    this.definitions.set(id, definition);
    return { id };
  }
  async forward(_frontend: string, { options }: FrontendRequest): Promise<FrontendResult> {
    return { refs: new Map(), metadata: new Map([["forwarded", Buffer.from(options.source ?? "")]]) };
  }
  async resolveImageConfig(ref: string) {
    this.resolved.push(ref);
    const config = {
      os: "linux",
      architecture: "amd64",
      config: {},
      rootfs: { type: "layers", diff_ids: [sha256(ref)] },
    };
    return { ref, digest: sha256(ref), config: Buffer.from(JSON.stringify(config)) };
  }
  async readFile(_ref: FrontendRef, path: string): Promise<Uint8Array> {
    if (path === "Dockerfile") return Buffer.from(this.#dockerfile);
    throw new CooperError("frontend/not-found", path);
  }
  async statFile(): Promise<never> {
    throw new CooperError("frontend/not-found", "nothing here");
  }
  warn(_vertex: string, { short }: { readonly short: string }): void {
    this.warnings.push(short);
  }
}

const request = (options: Record<string, string> = {}) => ({ options, inputs: new Map() });

async function build(dockerfile: string, options?: Record<string, string>) {
  const bridge = new OneFile(dockerfile);
  const result = await dockerfileFrontend.solve(request(options), bridge, quietScope);
  const ops = (key = "") => {
    const ref = result.refs.get(key);
    const bytes = ref && bridge.definitions.get(ref.id);
    return bytes === undefined ? [] : unmarshalDefinition(bytes).vertices.map(({ op }): Op => op);
  };
  const config = JSON.parse(Buffer.from(result.metadata.get("containerimage.config") ?? "{}").toString());
  return { bridge, result, ops, config };
}

describe("dockerfileFrontend", () => {
  it("builds only the stages that the target needs", async () => {
    const dockerfile = "FROM a AS x\nRUN one\nFROM b AS y\nRUN two\nFROM c\nCOPY --from=x /f /g\n";
    const { ops, bridge } = await build(dockerfile);
    const args = ops().flatMap(({ body }) => (body.kind === "exec" ? [body.meta.args.at(-1)] : []));
    expect(args).toEqual(["one"]);
    expect(bridge.resolved.sort()).toEqual(["docker.io/library/a:latest", "docker.io/library/c:latest"]);
  });

  it("looks each image up once, however many stages and platforms want it", async () => {
    const { bridge } = await build("FROM a AS x\nFROM a\nCOPY --from=x /f /\nCOPY --from=a /g /\n");
    expect(bridge.resolved).toEqual(["docker.io/library/a:latest"]);
  });

  it("names the image of a named context by its tag, also when the bridge answers with a digest", async () => {
    const bridge = new OneFile("FROM base\nRUN x\n");
    const resolve = bridge.resolveImageConfig.bind(bridge);
    bridge.resolveImageConfig = async (ref) => ({ ...(await resolve(ref)), ref: `${ref}@${sha256(ref)}` });
    const options = { "context:base": "docker-image://other:1" };
    const { refs } = await dockerfileFrontend.solve(request(options), bridge, quietScope);
    const definition = bridge.definitions.get(refs.get("")?.id ?? "") ?? new Uint8Array();
    const [source] = unmarshalDefinition(definition).vertices;
    expect(source?.op.body).toMatchObject({ identifier: "docker-image://docker.io/library/other:1" });
  });

  it("takes nothing over from a stage that a caller's directory stands for", async () => {
    const { config } = await build("FROM a AS x\nFROM x\nRUN y\n", { "context:x": "local:dir" });
    expect(config).toEqual({
      ...{ architecture: "", os: "linux", rootfs: { type: "", diff_ids: null } },
      history: [{ created_by: "RUN /bin/sh -c y # buildkit", comment: "buildkit.dockerfile.v0" }],
      config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
    });
  });

  it("takes tens of thousands of lines that each add to the image", async () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, at) => `ENV E${at}=v\nLABEL l${at}=v\nARG A${at}\nONBUILD RUN x`);
    const { config } = await build(`FROM scratch\n${lines.join("\n")}\n`);
    expect(config.history).toHaveLength(3 * count);
    expect(config.config.Env).toHaveLength(count + 1);
    expect(Object.keys(config.config.Labels)).toHaveLength(count);
    expect(config.config.OnBuild).toHaveLength(count);
  }, 60_000);

  it("keeps bytes that are no UTF-8 where upstream keeps them", async () => {
    const lines = ["FROM a", 'COPY <<"E" /x', "\xff", "E", "LABEL a=\xff b=\xef\xbf\xbd", "CMD echo \xff"];
    const bridge = new OneFile(Buffer.from(`${lines.join("\n")}\n`, "latin1"));
    const { metadata, refs } = await dockerfileFrontend.solve(request(), bridge, quietScope);
    const { vertices } = unmarshalDefinition(bridge.definitions.get(refs.get("")?.id ?? "") ?? new Uint8Array());
    const steps = vertices.flatMap(({ op }) => (op.body.kind === "file" ? op.body.actions : []));
    const [made] = steps.flatMap(({ action }) => (action.kind === "mkfile" ? [action.data] : []));
    expect(made).toEqual(Buffer.from("ff0a", "hex"));
    const text = Buffer.from(metadata.get("containerimage.config") ?? "").toString("utf8");
    expect(text).toContain('"Labels":{"a":"\ufffd","b":"\ufffd"}');
    expect(text).toContain('"Cmd":["/bin/sh","-c","echo \\ufffd"]');
    expect(text).toContain('CMD [\\"/bin/sh\\" \\"-c\\" \\"echo \\\\xff\\"]');
  });

  it("gives one result per platform, and says which", async () => {
    const { result, ops } = await build("FROM --platform=$BUILDPLATFORM a\nARG TARGETARCH\nRUN x\n", {
      platform: "linux/amd64,linux/arm64",
    });
    expect([...result.refs.keys()]).toEqual(["linux/amd64", "linux/arm64"]);
    const [exec] = ops("linux/arm64").flatMap(({ body }) => (body.kind === "exec" ? [body] : []));
    expect(exec?.meta.env).toContain("TARGETARCH=arm64");
    const platforms = JSON.parse(Buffer.from(result.metadata.get("refs.platforms") ?? "").toString());
    expect(platforms.Platforms.map(({ ID }: { ID: string }) => ID)).toEqual(["linux/amd64", "linux/arm64"]);
  });

  it("returns no ref for an empty image", async () => {
    const { result, config } = await build("FROM scratch\nENV A=b\n");
    expect(result.refs.get("")).toBeUndefined();
    expect(config.config.Env).toContain("A=b");
  });

  it("hands over to the frontend that the file names, once", async () => {
    const dockerfile = "# syntax=docker/dockerfile:1\nFROM a\n";
    const { result } = await build(dockerfile);
    expect(Buffer.from(result.metadata.get("forwarded") ?? "").toString()).toBe("docker/dockerfile:1");
    const again = await build(dockerfile, { cmdline: "docker/dockerfile:1", source: "docker/dockerfile:1" });
    expect(again.config.os).toBe("linux");
  });

  it("asks for the labs channel where upstream does", async () => {
    const dockerfile = "FROM a\nRUN --device=v.com/d=x y\n";
    await expect(build(dockerfile)).rejects.toThrow(
      "device feature is only supported in Dockerfile frontend 1.14.0-labs or later",
    );
    const { ops } = await build(dockerfile, { cmdline: "x", source: "docker/dockerfile:1-labs" });
    expect(ops().at(-1)?.body).toMatchObject({ devices: [{ name: "v.com/d=x" }] });
  });

  it("fails with the place, the nearest name and what else is wrong", async () => {
    const failed = build("FROM a AS builder\nFROM c\nCOPY --from=bilder x y\n", { target: "biulder" });
    await expect(failed).rejects.toThrow('target stage "biulder" could not be found (did you mean builder?)');
    await expect(build("FROM a\nRUNN x\n")).rejects.toMatchObject({
      message: "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
      details: { kind: "source", ranges: [{ start: { line: 2 } }] },
    });
  });

  it("tells of all base images that cannot be had", async () => {
    const bridge = new OneFile("FROM nothing AS first\nFROM nowhere\nCOPY --from=first /f /\n");
    bridge.resolveImageConfig = async (ref) => {
      throw new CooperError("registry/not-found", `${ref}: not found`);
    };
    await expect(dockerfileFrontend.solve(request(), bridge, quietScope)).rejects.toMatchObject({
      message: "nothing: docker.io/library/nothing:latest: not found",
      hint: "there is more to correct: nowhere: docker.io/library/nowhere:latest: not found",
    });
  });

  it("converts three thousand instructions quickly and without deep recursion", async () => {
    const lines = Array.from({ length: 3000 }, (_, at) => `RUN echo ${at}`);
    expect((await build(["FROM a", ...lines].join("\n"))).ops()).toHaveLength(3001);
  });

  it("throws nothing but CooperErrors, whatever the file says", async () => {
    const words =
      'FROM ARG ENV RUN COPY ADD --from= --mount=type= AS a b } << EOF " \' \\ \n \n \n = , / . * ONBUILD USER WORKDIR EXPOSE 1-2/udp HEALTHCHECK CMD ["x"] # check= --platform= @ :';
    const word = fc.constantFrom(...words.split(" "), " ", "\n", "$", "$" + "{", ":-");
    const file = fc
      .array(fc.oneof(word, fc.string({ maxLength: 3 })), { maxLength: 60 })
      .map((parts) => `FROM a\n${parts.join("")}`);
    await fc.assert(
      fc.asyncProperty(file, async (dockerfile) => {
        try {
          await build(dockerfile);
        } catch (error) {
          if (!(error instanceof CooperError)) throw error;
        }
      }),
      { numRuns: 1500 },
    );
  });
});
