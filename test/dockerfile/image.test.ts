import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json } from "../support/lab.ts";
import { describeScenarios, folderOf, useStage } from "../support/scenario.ts";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

describeScenarios("an image's config", {
  "from scratch has platform, PATH and working directory": {
    dockerfile: "FROM scratch\nENV foo=bar\n",
    image: {
      os: "linux",
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      config: { Env: [path, "foo=bar"], WorkingDir: "/" },
      rootfs: { type: "layers" },
      history: [{ created_by: expect.stringContaining("ENV foo=bar"), empty_layer: true }],
    },
  },

  "has the ports that a variable names": {
    dockerfile: 'FROM scratch\nARG PORTS="3000 4000/udp"\nEXPOSE $PORTS\nEXPOSE 5000\n',
    image: { config: { ExposedPorts: { "3000/tcp": {}, "4000/udp": {}, "5000/tcp": {} } } },
  },

  "has labels of the file and of the options, and the user": {
    dockerfile: "FROM scratch\nLABEL foo=bar\nUSER nobody\n",
    options: ["label:bar=baz"],
    image: { config: { Labels: { foo: "bar", bar: "baz" }, User: "nobody" } },
  },

  "has the entrypoint of a shell for what is no JSON": {
    dockerfile: "FROM scratch\nENTRYPOINT []random string\n",
    image: { config: { Entrypoint: ["/bin/sh", "-c", "[]random string"] } },
  },

  "loses the command with a new entrypoint, which is SHELL's": {
    dockerfile: 'FROM busybox AS base\nCMD ["test"]\nFROM base\nSHELL ["ls"]\nENTRYPOINT my entrypoint\n',
    image: { config: { Entrypoint: ["ls", "my entrypoint"], Shell: ["ls"] } },
  },

  "has the history of its own stage only": {
    dockerfile: `
FROM busybox AS base
ENV foo=bar
COPY foo /foo2
FROM busybox
LABEL lbl=val
COPY --from=base foo2 foo3
WORKDIR /
RUN echo bar > foo4
RUN ["ls"]
EXPOSE 2375 5000 1234/udp
`,
    files: { foo: "contents" },
    image: {
      rootfs: { diff_ids: [expect.anything(), expect.anything(), expect.anything(), expect.anything()] },
      history: [
        {},
        { created_by: "LABEL lbl=val", empty_layer: true, created: expect.anything() },
        { created_by: "COPY foo2 foo3 # buildkit", created: expect.anything() },
        { created_by: "WORKDIR /", empty_layer: true, created: expect.anything() },
        { created_by: "RUN /bin/sh -c echo bar > foo4 # buildkit", created: expect.anything() },
        { created_by: "RUN ls # buildkit", created: expect.anything() },
        { created_by: "EXPOSE [1234/udp 2375/tcp 5000/tcp]", empty_layer: true, created: expect.anything() },
      ],
    },
  },

  "has the last value of an ARG in the history of RUN": {
    dockerfile: "FROM busybox\nARG foo=bar\nARG bar=123\nARG foo=bar2\nRUN ls /etc/\n",
    image: {
      history: [
        {},
        { created_by: "ARG foo=bar" },
        { created_by: "ARG bar=123" },
        { created_by: "ARG foo=bar2" },
        { created_by: "RUN |2 foo=bar2 bar=123 /bin/sh -c ls /etc/ # buildkit" },
      ],
    },
  },
});

describe("images", () => {
  const stage = useStage();
  const layoutOf = async (args: readonly string[], attributes = "") => {
    const { lab } = stage();
    const layout = folderOf(lab, "layout");
    const { code, log } = await lab.run([...args, "--output", `type=oci,tar=false,dest=${layout}${attributes}`]);
    if (code !== 0) throw new Error(log);
    const blob = (digest: string): Json =>
      JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
    return { index: JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as Json, blob };
  };

  test("of two platforms have each one's shell and PATH", async () => {
    stage().lab.clear().write({ Dockerfile: "FROM scratch\nENTRYPOINT foo bar\nCOPY Dockerfile .\n" });
    const { index, blob } = await layoutOf(["--opt", "platform=windows/amd64,linux/amd64"]);
    const list = blob(index.manifests[0].digest);
    const images = list.manifests.map((each: Json) => {
      const manifest = blob(each.digest);
      const { config } = blob(manifest.config.digest);
      const { os, architecture } = each.platform;
      return [`${os}/${architecture}`, config.Entrypoint, config.Env ?? null, manifest.layers.length];
    });
    expect(images).toEqual([
      ["windows/amd64", ["cmd", "/S", "/C", "foo bar"], null, 1],
      ["linux/amd64", ["/bin/sh", "-c", "foo bar"], [path], 1],
    ]);
  });

  test("of two platforms may be empty", async () => {
    stage().lab.clear().write({ Dockerfile: "FROM scratch\n" });
    const { index, blob } = await layoutOf(["--opt", "platform=linux/arm64,linux/amd64"]);
    expect(index.manifests).toHaveLength(1);
    expect(blob(index.manifests[0].digest).manifests).toHaveLength(2);
  });

  test("with several names are one manifest under each, in a layout and in its tar", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY <<EOF /foo\nhello\nEOF\n" });
    const { index } = await layoutOf([], ',"name=org/repo:tag1,org/repo:tag2"');
    const tar = join(lab.folder, "names.tar");
    await lab.run(["--output", `type=oci,dest=${tar},"name=org/repo:tag1,org/repo:tag2"`]);
    const packed = JSON.parse(execFileSync("tar", ["-xOf", tar, "index.json"], { encoding: "utf8" }));
    for (const { manifests } of [index, packed] as Json[]) {
      expect(manifests).toHaveLength(2);
      expect(manifests[0].digest).toBe(manifests[1].digest);
      expect(manifests.map((each: Json) => each.annotations["io.containerd.image.name"])).toEqual([
        "docker.io/org/repo:tag1",
        "docker.io/org/repo:tag2",
      ]);
      expect(manifests.map((each: Json) => each.annotations["org.opencontainers.image.ref.name"])).toEqual([
        "tag1",
        "tag2",
      ]);
    }
  });

  test("without layers can be built upon", async () => {
    const { lab, registry } = stage();
    const name = `${registry.host}/scratch/empty:latest`;
    lab.clear().write({ Dockerfile: "FROM scratch\nLABEL foo=bar\n" });
    await lab.push(name);
    lab.write({ Dockerfile: `FROM ${name}\nLABEL bar=baz\nCOPY foo .\n`, foo: "f" });
    const { config } = await lab.image();
    expect(config.rootfs.diff_ids).toHaveLength(1);
    expect(config.config.Labels).toEqual({ foo: "bar", bar: "baz" });
    lab.write({
      Dockerfile: `FROM busybox AS b\nRUN --mount=from=${name},target=/empty,rw [ -z "$(ls -A /empty)" ] && echo foo0 > /foo\nFROM ${name}\nCOPY --from=b /foo /\n`,
    });
    const { out } = await lab.build();
    expect(lab.read(join(out, "foo"))).toBe("foo0\n");
  });
});
