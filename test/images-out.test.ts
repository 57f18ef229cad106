import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useLab } from "./support/use-lab.ts";

const here = useLab();

const dockerfile = `
FROM busybox AS build
WORKDIR /src
COPY . .
RUN mkdir -p out/deep && for i in 1 2 3 4 5; do echo $i > out/deep/$i; done && ln out/deep/1 out/hard && rm b.txt
FROM busybox
ENV GREETING=hello
COPY --from=build /src /app
RUN date > /dev/null && echo made > /made && chmod 4755 /made && rm -rf /app/out/deep/2 && mkdir /empty
COPY --link a.txt /linked/a.txt
USER nobody
WORKDIR /app
CMD ["sh", "-c", "echo $GREETING from $(id -un) in $PWD: $(cat out/hard) $(ls out/deep | wc -l)"]
`;
const podmanOutputs = ["type=docker", "type=docker,compression=zstd,force-compression=true", "type=oci"];
const said = "hello from nobody in /app: 1 4\n";

function writeProject(): void {
  here.lab.write({ Dockerfile: dockerfile, "a.txt": "a\n", "b.txt": "b\n", "sub/c": { link: "../a.txt" } });
}

async function exported(output: string, args: readonly string[] = [], daemonFlags = ""): Promise<string> {
  const path = join(here.lab.folder, `image-${output.replace(/\W+/g, "-")}.tar`);
  const { code, log } = await here.lab.run([...args, "--output", `${output},dest=${path}`], daemonFlags);
  expect(code, log).toBe(0);
  return path;
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

describe("other tools take the images", () => {
  const compressions = [
    "",
    ",compression=zstd,force-compression=true",
    ",compression=uncompressed,force-compression=true",
    ",compression=gzip,compression-level=9,force-compression=true",
    ",oci-mediatypes=false",
  ];

  test.each(compressions)("skopeo copies and umoci unpacks type=oci%s", async (options) => {
    writeProject();
    const path = await exported(`type=oci,name=test/image:1${options}`);
    const layout = join(here.lab.folder, "layout");
    // Verifies every digest and diff id on its way.
    run("skopeo", "copy", "-q", `oci-archive:${path}`, `oci:${layout}:copy`);
    // Debian's umoci knows no zstd.
    if (options.includes("zstd")) return;
    const bundle = join(here.lab.folder, "bundle");
    run("umoci", "unpack", "--image", `${layout}:copy`, bundle);
    expect(readFileSync(join(bundle, "rootfs/app/out/deep/1"), "utf8")).toBe("1\n");
    expect(statSync(join(bundle, "rootfs/made")).mode & 0o7777).toBe(0o4755);
    expect(statSync(join(bundle, "rootfs/app/out/deep/2"), { throwIfNoEntry: false })).toBeUndefined();
    expect(readFileSync(join(bundle, "rootfs/linked/a.txt"), "utf8")).toBe("a\n");
  });

  // Podman is not among the packages that the set-up installs: it brings half a distribution.
  test.skipIf(spawnSync("podman", ["--version"]).status !== 0).each(podmanOutputs)(
    "podman loads and runs %s",
    async (output) => {
      writeProject();
      const path = await exported(`${output},name=localhost/cooper/test:1`);
      expect(podmanRuns(path)).toBe(said);
    },
  );
});

/** Loads an archive into a store of its own and runs the image. */
function podmanRuns(archive: string): string {
  const store = join(here.lab.folder, "podman");
  mkdirSync(store);
  const config = join(store, "containers.conf");
  writeFileSync(config, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n');
  const options = ["--root", join(store, "root"), "--runroot", join(store, "run"), "--storage-driver", "vfs"];
  const podman = (...args: string[]) =>
    execFileSync("podman", [...options, "--runtime", "runc", "--cgroup-manager", "cgroupfs", ...args], {
      encoding: "utf8",
      env: { ...process.env, CONTAINERS_CONF: config },
      stdio: ["ignore", "pipe", "pipe"],
    });
  podman("load", "-q", "-i", archive);
  // Not with --rm: where podman is slow, its container is gone before it has asked how that ended.
  const output = podman("run", "--network=none", "localhost/cooper/test:1");
  podman("rm", "--all", "--force");
  return output;
}

describe("SOURCE_DATE_EPOCH with rewrite-timestamp=true", () => {
  test.each(["type=oci", "type=oci,compression=zstd,force-compression=true", "type=docker"])(
    "gives the same bytes twice from empty roots: %s",
    async (output) => {
      const digests: string[] = [];
      const archives: Buffer[] = [];
      for (const round of [1, 2]) {
        writeProject();
        utimesSync(
          join(here.lab.context, "a.txt"),
          1_700_000_000 + round * 1_000_000,
          1_700_000_000 + round * 1_000_000,
        );
        const args = [
          "--opt",
          "build-arg:SOURCE_DATE_EPOCH=1600000000",
          "--metadata-file",
          join(here.lab.folder, "meta"),
        ];
        const attributes = `${output},name=test/image:1,rewrite-timestamp=true`;
        archives.push(readFileSync(await exported(attributes, args, `--root ${here.lab.folder}/root-${round}`)));
        digests.push(JSON.parse(here.lab.read(join(here.lab.folder, "meta")))["containerimage.digest"]);
      }
      expect(digests[1]).toBe(digests[0]);
      expect(archives[1]?.equals(archives[0] ?? Buffer.alloc(0))).toBe(true);
    },
  );
});
