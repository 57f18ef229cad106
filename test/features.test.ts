import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Lab, outcomes } from "./support/lab.ts";
import { startRegistry } from "./support/registry.ts";
import { useLab } from "./support/use-lab.ts";

const here = useLab();

describe("sources", () => {
  test("a named context may be a directory, another image, or an OCI layout", async () => {
    const layout = join(here.lab.folder, "layout");
    execFileSync("skopeo", [
      "copy",
      "--quiet",
      "--src-tls-verify=false",
      `docker://${here.registry.host}/library/busybox:latest`,
      `oci:${layout}:x`,
    ]);
    const [manifest] = JSON.parse(here.lab.read(join(layout, "index.json"))).manifests;
    const other = join(here.lab.folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "file"), "from other");
    here.lab.write({
      Dockerfile: `
FROM alias AS one
COPY --from=dir file /one
FROM layout AS two
RUN echo two > /two
FROM scratch
COPY --from=one /one /
COPY --from=two /two /
`,
    });
    const { out } = await here.lab.build([
      ...["--local", `dir=${other}`, "--opt", "context:dir=local:dir"],
      ...["--opt", "context:alias=docker-image://busybox"],
      ...["--oci-layout", `store=${layout}`, "--opt", `context:layout=oci-layout://store@${manifest.digest}`],
    ]);
    expect([here.lab.read(join(out, "one")), here.lab.read(join(out, "two"))]).toEqual(["from other", "two\n"]);
  });

  test("ADD of a URL is cached by its content, and asked for again with its ETag", async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers["if-none-match"] ?? ""}`);
      response.writeHead(200, { etag: '"one"', "last-modified": "Fri, 14 Jul 2017 02:40:00 GMT" }).end("downloaded");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir/file.txt`;
      here.lab.write({ Dockerfile: `FROM scratch\nADD ${url} /got/\n` });
      const { out } = await here.lab.build();
      expect(here.lab.read(join(out, "got/file.txt"))).toBe("downloaded");
      const again = await here.lab.build();
      expect(seen).toEqual(["GET ", 'HEAD "one"']);
      expect([...outcomes(again.log).values()].at(-2)).toBe("cached");
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("an image by digest needs no registry once it is here", async () => {
    const first = await startRegistry();
    using own = new Lab(first);
    const text = execFileSync(
      "skopeo",
      ["inspect", "--tls-verify=false", `docker://${first.host}/library/busybox:latest`],
      { encoding: "utf8" },
    );
    own.write({ Dockerfile: `FROM ${first.host}/library/busybox@${JSON.parse(text).Digest}\nRUN echo x > /x\n` });
    await own.build();
    await first[Symbol.asyncDispose]();
    const { log, out } = await own.build();
    expect([...outcomes(log)].find(([name]) => name.includes("RUN"))?.[1]).toBe("cached");
    expect(own.read(join(out, "x"))).toBe("x\n");
  });
});

describe("the language", () => {
  test("COPY --link lies on any base", async () => {
    here.lab.write({
      Dockerfile: "FROM busybox\nRUN mkdir /d && echo old > /d/old\nCOPY --link a /d/a\nRUN ls /d > /list\n",
      a: "a",
    });
    const { out } = await here.lab.build();
    expect(here.lab.read(join(out, "list"))).toBe("a\nold\n");
  });

  test("a secret is there for its step only", async () => {
    writeFileSync(join(here.lab.folder, "secret"), "s3kr1t-7781");
    here.lab.write({
      Dockerfile: `FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s | md5sum > /sum\nRUN --mount=type=secret,id=s,env=S echo \${#S} > /length\n`,
    });
    const { out, log } = await here.lab.build(["--secret", `id=s,src=${join(here.lab.folder, "secret")}`]);
    expect(here.lab.read(join(out, "length"))).toBe("11\n");
    expect(existsSync(join(out, "run/secrets"))).toBe(false);
    expect(log).not.toContain("s3kr1t-7781");
    const found = execFileSync("sh", ["-c", `grep -rl s3kr1t-7781 ${here.lab.root} || true`], { encoding: "utf8" });
    expect(found).toBe("");
  });

  test("--opt no-cache=STAGE runs that stage again, and what reads other bytes of it", async () => {
    const uuid = "cat /proc/sys/kernel/random/uuid";
    here.lab.write({
      Dockerfile: `
FROM busybox AS a
RUN ${uuid} > /id
FROM busybox AS b
RUN ${uuid} > /id && true
FROM scratch
COPY --from=a /id /a
COPY --from=b /id /b
`,
    });
    const first = await here.lab.build();
    const second = await here.lab.build(["--opt", "no-cache=a"]);
    expect(here.lab.read(join(second.out, "b"))).toBe(here.lab.read(join(first.out, "b")));
    expect(here.lab.read(join(second.out, "a"))).not.toBe(here.lab.read(join(first.out, "a")));
  });

  test("a target of several platforms is an index", async () => {
    here.lab.write({
      Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY file.$TARGETARCH /file\n",
      "file.amd64": "amd",
      "file.arm64": "arm",
    });
    const { code, log } = await here.lab.run([
      "--opt",
      "platform=linux/amd64,linux/arm64",
      "--output",
      `type=oci,dest=${here.lab.folder}/out.tar`,
    ]);
    expect(code, log).toBe(0);
    const raw = execFileSync("skopeo", ["inspect", "--raw", `oci-archive:${here.lab.folder}/out.tar`], {
      encoding: "utf8",
    });
    const platforms = JSON.parse(raw).manifests.map(
      ({ platform }: { platform: { architecture: string } }) => platform.architecture,
    );
    expect(platforms).toEqual(["amd64", "arm64"]);
  });

  test("unreachable stages do not run, independent ones run at the same time", async () => {
    const wait = (name: string) =>
      `FROM busybox AS ${name}\nRUN --mount=type=cache,target=/c for i in $(seq 400); do echo > /c/${name}; [ -e /c/a ] && [ -e /c/b ] && exit 0; sleep 0.1; done; exit 1\nRUN echo ${name} > /${name}\n`;
    here.lab.write({
      Dockerfile: `${wait("a")}${wait("b")}FROM busybox AS never\nRUN exit 1\nFROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n`,
    });
    const { out } = await here.lab.build();
    expect(readdirSync(out).sort()).toEqual(["a", "b"]);
  });
});

describe("the answers", () => {
  test("--metadata-file says what was pushed", async () => {
    here.lab.write({ Dockerfile: "FROM busybox\nLABEL a=b\n" });
    const file = join(here.lab.folder, "meta.json");
    const name = `${here.registry.host}/made/meta:1`;
    const { code, log } = await here.lab.run([
      "--output",
      `type=image,name=${name},push=true`,
      "--metadata-file",
      file,
    ]);
    expect(code, log).toBe(0);
    const said = JSON.parse(here.lab.read(file));
    const text = execFileSync("skopeo", ["inspect", "--tls-verify=false", `docker://${name}`], { encoding: "utf8" });
    expect(said["containerimage.digest"]).toBe(JSON.parse(text).Digest);
    expect(said["image.name"]).toBe(name);
  });

  test("SOURCE_DATE_EPOCH and rewrite-timestamp give the same bytes from two empty roots", async () => {
    const files = { Dockerfile: "FROM busybox\nRUN echo x > /x\nCOPY a /a\n", a: "a" };
    const options = (lab: Lab) => [
      "--opt",
      "build-arg:SOURCE_DATE_EPOCH=1600000000",
      "--output",
      `type=oci,rewrite-timestamp=true,dest=${lab.folder}/out.tar`,
    ];
    using other = new Lab(here.registry);
    const digests = [];
    for (const one of [here.lab, other]) {
      const { code, log } = await one.write(files).run(options(one));
      expect(code, log).toBe(0);
      digests.push(
        JSON.parse(execFileSync("skopeo", ["inspect", `oci-archive:${one.folder}/out.tar`], { encoding: "utf8" }))
          .Digest,
      );
    }
    expect(digests[0]).toBe(digests[1]);
  });
});
