import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeScenarios, useStage } from "../support/scenario.ts";

const from = (...commands: string[]) => `FROM busybox\n${commands.map((command) => `RUN ${command}\n`).join("")}`;
const refused = (option: string, ...fails: string[]) => ({ dockerfile: from("true"), options: [option], fails });

describeScenarios("options of all steps", {
  "shm-size": {
    dockerfile: from("mount | grep ' /dev/shm ' | grep -o size=131072k > /size"),
    options: ["shm-size=134217728"],
    holds: { size: "size=131072k\n" },
  },

  "no shm-size": {
    dockerfile: from("mount | grep ' /dev/shm ' | grep -o size=65536k > /size"),
    holds: { size: "size=65536k\n" },
  },

  ulimit: {
    dockerfile: from("ulimit -n > /soft", "ulimit -Hn > /hard", "ulimit -c > /core"),
    options: ['ulimit="nofile=1062:2000",core=0'],
    holds: { soft: "1062\n", hard: "2000\n", core: "0\n" },
  },

  "memory, in the step's own control group": {
    dockerfile: from(
      "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null > /limit; [ -s /limit ]",
    ),
    options: ["memory=67108864"],
    holds: { limit: "67108864\n" },
  },

  "cpuquota and cpuperiod": {
    dockerfile: from(
      "if [ -e /sys/fs/cgroup/cpu.max ]; then cat /sys/fs/cgroup/cpu.max; else cd /sys/fs/cgroup/cpu; echo $(cat cpu.cfs_quota_us cpu.cfs_period_us); fi > /limit",
    ),
    options: ["cpuquota=20000", "cpuperiod=50000"],
    holds: { limit: "20000 50000\n" },
  },

  hostname: {
    dockerfile: from("hostname > /name && grep -c cooper-host /etc/hosts > /hosts"),
    options: ["hostname=cooper-host"],
    holds: { name: "cooper-host\n", hosts: "1\n", etc: { names: ["group", "passwd"] } },
  },

  "build-arg:BUILDKIT_SANDBOX_HOSTNAME": {
    dockerfile: from("hostname > /name"),
    options: ["build-arg:BUILDKIT_SANDBOX_HOSTNAME=other-host"],
    holds: { name: "other-host\n" },
  },

  "no hostname": { dockerfile: from("hostname > /name && true"), holds: { name: "buildkitsandbox\n" } },

  "add-hosts": {
    dockerfile: from("grep -E 'a.test|b.test' /etc/hosts > /hosts"),
    options: ['add-hosts="a.test=10.1.2.3",b.test=fe80::1'],
    holds: { hosts: "10.1.2.3\ta.test\nfe80::1\tb.test\n" },
  },

  "a ulimit of no such name": refused("ulimit=files=1", "failed to parse ulimit: invalid ulimit type: files"),
  "a ulimit that makes no sense": refused(
    "ulimit=nofile=20:10",
    "ulimit soft limit must be less than or equal to hard limit: 20 > 10",
  ),
  "an address that is none": refused("add-hosts=a=b", "failed to parse additional hosts: failed to parse IP b"),
});

describe("cgroup-parent", () => {
  const stage = useStage();

  test("puts steps below a control group, whose limits hold for them", async () => {
    const { lab } = stage();
    const name = `cooper-test-${process.pid}`;
    const unified = existsSync("/sys/fs/cgroup/cgroup.subtree_control");
    const parent = join(unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids", name);
    mkdirSync(parent);
    try {
      writeFileSync(join(parent, "pids.max"), "10");
      lab.clear().write({
        Dockerfile: `
FROM busybox AS build
RUN mkdir /out; (for i in $(seq 1 10); do sleep 300 & done 2>/out/error); cat /proc/self/cgroup > /out/cgroup; true
FROM scratch
COPY --from=build /out /
`,
      });
      const { out } = await lab.build(["--opt", `cgroup-parent=${name}`]);
      expect(lab.read(join(out, "error"))).toContain("Resource temporarily unavailable");
      if (unified) expect(lab.read(join(out, "cgroup"))).not.toContain(name);
    } finally {
      removeGroups(name);
    }
  });
});

/** The groups of that name, and those below that the runtime made, in all hierarchies. */
function removeGroups(name: string): void {
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    for (const below of ["buildkit", ""]) {
      const group = join("/sys/fs/cgroup", hierarchy, name, below);
      if (existsSync(group)) rmdirSync(group);
    }
  }
}
