import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Lab } from "../support/lab.ts";
import { describeScenarios, folderOf, useStage } from "../support/scenario.ts";

const here = process.arch === "arm64" ? "arm64" : "amd64";
const elsewhere = here === "arm64" ? "amd64" : "arm64";

describeScenarios("platforms", {
  "choose a stage by name": {
    dockerfile: `FROM scratch AS build-linux\nCOPY foo bar\nFROM build-\${TARGETOS}\nCOPY foo2 bar2\n`,
    files: { foo: "d0", foo2: "d1" },
    holds: { bar: "d0", bar2: "d1" },
  },

  "are told to stages of this machine's own": {
    dockerfile: `
FROM --platform=$BUILDPLATFORM busybox AS build
ARG TARGETPLATFORM
ARG TARGETOS
ARG BUILDPLATFORM
ARG BUILDARCH
RUN mkdir /out && echo -n $TARGETPLATFORM > /out/platform && echo -n $TARGETOS > /out/os && echo -n $BUILDPLATFORM $BUILDARCH > /out/build
FROM scratch
COPY --from=build out .
`,
    options: ["platform=darwin/ppc64le", "build-arg:TARGETOS=freebsd"],
    holds: { platform: "darwin/ppc64le", os: "freebsd", build: `linux/${here} ${here}` },
  },

  "that nobody knows are refused": {
    dockerfile: "FROM scratch\n",
    options: ["platform=linux/amd64/v2/extra/more"],
    fails: ["failed to parse target platform"],
  },

  "of another machine have images that only COPY, ADD and set things": {
    dockerfile: `
FROM scratch
ARG TARGETARCH
ARG TARGETVARIANT
WORKDIR /dir
COPY file $TARGETARCH$TARGETVARIANT
USER 7
`,
    files: { file: "x" },
    options: ["platform=linux/arm"],
    holds: { "dir/armv7": "x" },
    image: { architecture: "arm", variant: "v7", os: "linux" },
  },
});

describe("several platforms", () => {
  const stage = useStage();

  test("make a folder for each in a tar and in a folder", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM scratch AS stage-linux
COPY foo forlinux
FROM scratch AS stage-darwin
COPY bar fordarwin
FROM stage-$TARGETOS
`,
      foo: "data",
      bar: "data2",
    });
    const single = await lab.build();
    expect(lab.read(join(single.out, "forlinux"))).toBe("data");
    const args = ["--opt", "platform=linux/amd64,darwin/amd64"];
    const folder = mkdtempSync(join(lab.folder, "local-"));
    const { code, log } = await lab.run([...args, "--output", `type=local,dest=${folder}`]);
    expect(code, log).toBe(0);
    for (const out of [(await lab.build(args)).out, folder]) {
      expect(lab.read(join(out, "linux_amd64/forlinux"))).toBe("data");
      expect(lab.read(join(out, "darwin_amd64/fordarwin"))).toBe("data2");
    }
  });

  test("make an index of images, each with its own platform, config and files", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM scratch
ARG TARGETARCH
ARG TARGETPLATFORM
LABEL target=$TARGETPLATFORM
COPY arch-$TARGETARCH whoami
`,
      "arch-arm": "i am arm",
      "arch-amd64": "i am amd64",
      "arch-ppc64le": "i am ppc64le",
    });
    const layout = await layoutOf(lab, ["--opt", "platform=windows/amd64,linux/arm/v6,linux/ppc64le"]);
    const [{ digest }] = layout.index.manifests;
    const images = layout.blob(digest).manifests;
    const seen = images.map((image: { digest: string; platform: { os: string; architecture: string } }) => {
      const manifest = layout.blob(image.digest);
      const config = layout.blob(manifest.config.digest);
      const { os, architecture } = image.platform;
      expect([config.os, config.architecture]).toEqual([os, architecture]);
      expect(manifest.layers).toHaveLength(1);
      return [config.config.Labels.target, layout.file(manifest.layers[0].digest, "whoami")];
    });
    expect(seen).toEqual([
      ["windows/amd64", "i am amd64"],
      ["linux/arm/v6", "i am arm"],
      ["linux/ppc64le", "i am ppc64le"],
    ]);
  });

  test("a version of the system is part of the platform: told, written, pulled and kept", async () => {
    const { lab, registry } = stage();
    const [one, two] = ["windows(1.2.3)/bar", "windows(1.1.0)/bar"];
    const name = `${registry.host}/made/osversion:1`;
    lab.clear().write({
      Dockerfile: `
FROM ${name} AS reg
FROM scratch AS base
ARG TARGETOSVERSION
ARG TARGETPLATFORM
COPY <<EOF /osversion
\${TARGETOSVERSION}
EOF
COPY <<EOF /targetplatform
\${TARGETPLATFORM}
EOF
`,
    });
    const both = ["--opt", `platform=${one},${two}`, "--opt", "target=base"];
    await lab.push(name, both);
    const index = JSON.parse(
      execFileSync("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${name}`], { encoding: "utf8" }),
    );
    expect(index.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: "bar", os: "windows", "os.version": "1.2.3" },
      { architecture: "bar", os: "windows", "os.version": "1.1.0" },
    ]);
    for (const [platform, version] of [
      [one, "1.2.3"],
      [two, "1.1.0"],
    ]) {
      const { out } = await lab.build(["--opt", `platform=${platform}`, "--opt", "target=reg"]);
      expect(lab.read(join(out, "osversion"))).toBe(`${version}\n`);
      expect(lab.read(join(out, "targetplatform"))).toBe(`${platform}\n`);
    }
    const kept = await lab.image(["--opt", "platform=windows/bar", "--opt", "target=reg"]);
    expect(kept.config["os.version"]).toBe("1.2.3");
  });
});

describe("a step for another architecture", () => {
  const stage = useStage();

  /** The log of a build whose one step is a program for the other architecture. */
  const runForeign = async (path = "") => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: 'FROM scratch\nCOPY hello /hello\nRUN ["/hello"]\n' });
    writeFileSync(join(lab.context, "hello"), helloProgram(elsewhere), { mode: 0o755 });
    const before = process.env.PATH;
    process.env.PATH = path + before;
    try {
      return await lab.run(["--opt", `platform=linux/${elsewhere}`, "--no-cache"]);
    } finally {
      process.env.PATH = before;
    }
  };
  const qemu = elsewhere === "arm64" ? "qemu-aarch64" : "qemu-x86_64";
  const installed = existsSync(`/usr/bin/${qemu}-static`);
  const registered = existsSync(`/proc/sys/fs/binfmt_misc/${qemu}`);

  /** A folder for PATH where upstream's name for an emulator leads to that program. */
  const pathTo = (program: string) => {
    const folder = folderOf(stage().lab, "bin");
    symlinkSync(program, join(folder, `buildkit-${qemu}`));
    return `${folder}:`;
  };

  test.skipIf(!registered)("runs where the kernel knows an emulator", async () => {
    const { code, log } = await runForeign();
    expect(log).toContain("hello from elsewhere");
    expect(code).toBe(0);
  });

  test.skipIf(registered)("fails with the sentence that says how to get an emulator", async () => {
    const { code, log } = await runForeign();
    expect(log).toContain("/hello: exec format error");
    expect(log).toContain(`hint: the step is for linux/${elsewhere} and this machine cannot run such programs`);
    expect(log).toMatch(/on Debian: apt-get install .*binfmt-support/);
    expect(code).toBe(1);
  });

  test.skipIf(registered || !installed)("runs with upstream's buildkit-qemu in the path", async () => {
    const { code, log } = await runForeign(pathTo(`/usr/bin/${qemu}-static`));
    expect(log).toContain("hello from elsewhere");
    expect(code).toBe(0);
  });

  test.skipIf(registered)("is given to whatever has the name of upstream's emulator", async () => {
    // Busybox, asked to be that program, says its name and that it is not.
    const { log } = await runForeign(pathTo("/usr/bin/busybox"));
    expect(log).toContain(".buildkit_qemu_emulator: applet not found");
  });
});

/** A whole program: it writes a line and ends. */
function helloProgram(architecture: string): Buffer {
  const text = Buffer.from("hello from elsewhere\n");
  const arm64 = [0xd2800020, 0x100000e1, 0xd2800002 | (text.length << 5), 0xd2800808, 0xd4000001];
  const arm64Exit = [0xd2800000, 0xd2800ba8, 0xd4000001];
  const code =
    architecture === "arm64"
      ? Buffer.from(Uint32Array.from([...arm64, ...arm64Exit]).buffer)
      : Buffer.from(
          `b801000000bf01000000488d3510000000ba${text.length.toString(16)}0000000f05b83c00000031ff0f05`,
          "hex",
        );
  const start = 0x400000;
  const heads = 120;
  const size = heads + code.length + text.length;
  const head = Buffer.alloc(heads);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  // ELF64: type, machine, version, entry, program headers, sizes; then one loadable segment, readable and executable.
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(architecture === "arm64" ? 183 : 62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(start + heads), 24);
  head.writeBigUInt64LE(64n, 32);
  for (const [at, value] of [64, 56, 1].entries()) head.writeUInt16LE(value, 52 + 2 * at);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  for (const [at, value] of [0, start, start, size, size, 4096].entries())
    head.writeBigUInt64LE(BigInt(value), 72 + 8 * at);
  return Buffer.concat([head, code, text]);
}

async function layoutOf(lab: Lab, args: readonly string[]) {
  const folder = mkdtempSync(join(lab.folder, "layout-"));
  const { code, log } = await lab.run([...args, "--output", `type=oci,tar=false,dest=${folder}`]);
  if (code !== 0) throw new Error(log);
  const path = (digest: string) => join(folder, "blobs", digest.replace(":", "/"));
  return {
    index: JSON.parse(readFileSync(join(folder, "index.json"), "utf8")),
    blob: (digest: string) => JSON.parse(readFileSync(path(digest), "utf8")),
    file: (layer: string, name: string) => execFileSync("tar", ["-xzOf", path(layer), name], { encoding: "utf8" }),
  };
}
