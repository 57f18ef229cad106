/** Networks of steps' own, made by the distribution's CNI plugins: in a network namespace of the test's, so that nothing of the machine's is touched. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "./support/bundle.ts";

const plugins = "/usr/lib/cni";
const missing = ["bridge", "host-local", "firewall"].some((name) => !existsSync(join(plugins, name)));
const path = `${process.env.PATH}:/usr/sbin:/sbin`;
/** Whether this machine's kernel and rights are enough for a bridge, and for rules of a network's own. */
function bridgesWork(): boolean {
  const trial = "mount -t sysfs none /sys && busybox brctl addbr trial0 && iptables -t nat -S";
  const args = ["--net", "--mount", "--propagation", "private", "sh", "-c", trial];
  return spawnSync("unshare", args, { env: { ...process.env, PATH: path }, stdio: "ignore" }).status === 0;
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-cni-"));
  mkdirSync(join(folder, "context"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs shell lines where `build` is a build of the Dockerfile with these flags of the daemon's, and tells what is left behind `LEFT`. */
function inOwnNetwork(dockerfile: string, flags: string, lines = "build"): Promise<string> {
  writeFileSync(join(folder, "context/Dockerfile"), dockerfile);
  const root = mkdtempSync(join(folder, "root-"));
  const context = join(folder, "context");
  // One stream, so that all is in order.
  const script = `
exec 2>&1
cgroups=$(mktemp -d -p ${folder})
mount --rbind /sys/fs/cgroup "$cgroups" && mount -t sysfs none /sys && mount --rbind "$cgroups" /sys/fs/cgroup && umount -R -l "$cgroups"
mkdir -p /var/lib/cni && mount -t tmpfs none /var/lib/cni
build() {
  "$0" ${bundled("buildctl-daemonless")} build --frontend dockerfile.v0 --local context=${context} --local dockerfile=${context} --progress=plain
  echo "exit $?"
}
${lines}
echo LEFT
ls /var/lib/cni/networks/* | grep '^[0-9]'
ls /sys/class/net
iptables -t nat -S | grep -- -A
ls -A ${root}/executor/networks
grep ${root}/executor /proc/self/mounts
true`;
  const env = {
    ...process.env,
    PATH: path,
    BUILDKITD_FLAGS: `--root ${root} --config /nowhere ${flags}`,
    NODE_OPTIONS: "",
  };
  const args = ["--net", "--mount", "--propagation", "private", "sh", "-c", script, process.execPath];
  const child = spawn("unshare", args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(Buffer.concat(said).toString()));
  });
}

const left = (output: string) => output.slice(output.indexOf("LEFT\n") + 5).trim();

describe.skipIf(missing || !bridgesWork())("with the plugins of containernetworking-plugins", () => {
  beforeAll(() => copyFileSync("/usr/bin/busybox", join(folder, "context/sh")));
  const base = "FROM scratch\nCOPY sh /bin/sh\n";

  test("steps are members of a bridge that goes with the builder", async () => {
    const dockerfile = `${base}RUN ip -o -4 addr show eth0; ip route; ping -c1 10.10.0.1 >/dev/null && echo reached
RUN --network=none ip -o link | wc -l\n`;
    const output = await inOwnNetwork(dockerfile, "--oci-worker-net=bridge --oci-cni-pool-size=1");
    expect(output, output).toContain("exit 0\n");
    expect(output, output).toMatch(/eth0 +inet 10\.10\.\d+\.\d+\/16/);
    expect(output, output).toMatch(/default via 10\.10\.0\.1 dev eth0/);
    expect(output, output).toMatch(/ reached$/m);
    expect(left(output)).toBe("lo");
  });

  test("a builder that is killed in a step leaves no address, no rule and no namespace", async () => {
    writeFileSync(
      join(folder, "net.json"),
      JSON.stringify({
        cniVersion: "1.0.0",
        name: "own",
        type: "bridge",
        bridge: "own0",
        isGateway: true,
        ipMasq: true,
        ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]] },
      }),
    );
    const flags = `--oci-worker-net=cni --oci-cni-config-path=${folder}/net.json --oci-cni-binary-dir=${plugins}`;
    const output = await inOwnNetwork(
      `${base}RUN ip -o -4 addr show eth0; echo begun; sleep 1000\n`,
      flags,
      `
: >${folder}/log
build >${folder}/log 2>&1 & shell=$!
tries=0; until grep -q ' begun$' ${folder}/log || [ $((tries += 1)) -gt 600 ]; do sleep 0.1; done
iptables -t nat -S | grep -c 10.77.0.2
kill -9 $(pgrep -P $shell)
wait
tries=0; until [ -z "$(ls -A $(echo "$BUILDKITD_FLAGS" | cut -d' ' -f2)/executor/networks)" ] || [ $((tries += 1)) -gt 300 ]; do sleep 0.2; done
cat ${folder}/log`,
    );
    expect(output, output).toMatch(/eth0 +inet 10\.77\.0\.2\/24/);
    expect(Number(output.split("\n")[0]), output).toBeGreaterThan(0);
    expect(left(output)).toBe("lo\nown0");
  });
});

test("without the plugins nothing is built, and the reason is upstream's", async () => {
  const output = await inOwnNetwork("FROM scratch\n", "--oci-worker-net=bridge --oci-cni-binary-dir=/nowhere");
  expect(output, output).toContain('failed to find CNI bridge "/nowhere/bridge" or buildkit-cni-bridge');
  expect(output, output).toContain("exit 1\n");
});
