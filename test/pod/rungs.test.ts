/** The ladder of isolation: one Dockerfile in each kind of pod that can run it, with the same result. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import type { Rights, Surroundings } from "../support/rights.ts";

/** Nobody else's sleep. */
const idle = `sleep ${9_600_000 + process.pid}`;
const dockerfile = `FROM busybox AS one
COPY data/ /data/
ARG TIME=first
RUN --mount=type=cache,target=/var/cache/x echo run >> /var/cache/x/log; wc -l < /var/cache/x/log > /count
RUN mkdir -p /srv/app && chown -R 12:34 /srv/app && chmod 2750 /srv/app && rm /data/b && ln -s a /data/link && mkfifo /data/pipe
RUN cat /etc/hosts > /hosts; grep -c nameserver /etc/resolv.conf > /dev/null; echo noise > /dev/null
FROM busybox AS two
RUN --mount=type=secret,id=token sed s/s/S/ /run/secrets/token > /token
RUN --mount=type=tmpfs,target=/scratch touch /scratch/x; ls /scratch > /scratched; (${idle} &)
USER 12:34
WORKDIR /home/them
RUN id -u > who; id -g >> who; umask >> who; pwd >> who; ulimit -n >> who; echo $HOME >> who
FROM busybox
COPY --from=one --chown=5:6 /srv /srv
COPY --from=one /count /hosts /data/link /
RUN --mount=type=bind,from=two,target=/two --mount=type=bind,target=/context,rw cp -a /two/home/them/who /two/token /two/scratched /; touch /context/new
RUN test ! -e /two && test ! -e /context && echo gone > /gone; rm -rf /home; mkdir /home; cd /; ls -a > /names
`;
const files = { Dockerfile: dockerfile, "data/a": "A\n", "data/b": "B\n" };
const secret = ["--opt", "ulimit=nofile=1000:2000"];

interface Pod {
  readonly rights: Rights;
  readonly rung: string;
  readonly options?: Surroundings;
  readonly flags?: string;
}
const pods: Readonly<Record<string, Pod>> = {
  "a privileged pod: oci": { rights: "privileged", rung: "oci" },
  "a privileged pod, chroot asked for": { rights: "privileged", rung: "chroot", flags: "--isolation=chroot" },
  "uid 1000, unconfined: rootless": { rights: "rootless", rung: "rootless" },
  "uid 1000, unconfined, procMount Unmasked: rootless": {
    rights: "rootless",
    rung: "rootless",
    options: { unmaskedProc: true },
  },
  "a privileged pod with read-only control groups: rootless": {
    rights: "privileged",
    rung: "rootless",
    options: { writableCgroups: false },
  },
  "root with the default capabilities, no filter: rootless": {
    rights: "baseline",
    rung: "rootless",
    options: { unfiltered: true },
  },
  "root with the default capabilities and filter: chroot": { rights: "baseline", rung: "chroot" },
};

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

function podLab({ rights, options }: Pod): PodLab {
  const lab = new PodLab(rights, registry, options).write(files);
  writeFileSync(join(lab.room.folder, "token"), "secret\n", { mode: 0o644 });
  return lab;
}
const args = (lab: PodLab) => ["--secret", `id=token,src=${join(lab.room.folder, "token")}`, ...secret];

describe("the same Dockerfile", () => {
  let expected: { tree: readonly string[]; texts: string[] } | undefined;
  const names = ["who", "token", "count", "hosts", "names", "gone", "scratched"];

  test.each(Object.entries(pods))("in %s", async (_, pod) => {
    using lab = podLab(pod);
    const first = await lab.build(args(lab), pod.flags);
    expect(first.log).not.toMatch(/^error/m);
    if (pod.rung !== "oci") expect(first.log).toMatch(new RegExp(`^#1 \\[internal\\] isolation: ${pod.rung}\\n`, "m"));
    else expect(first.log).not.toContain("isolation");
    const got = { tree: first.tree, texts: names.map((name) => first.text(name)) };
    expect(first.text("who")).toBe("12\n34\n0022\n/home/them\n1000\n/\n");
    expect(first.text("token")).toBe("Secret\n");
    expected ??= got;
    expect(got).toEqual(expected);
    // The cache mount has stayed, and the steps are remembered.
    expect((await lab.build(["--opt", "build-arg:TIME=second", ...args(lab)], pod.flags)).text("count")).toBe("2\n");
    const cached = await lab.build(args(lab), pod.flags);
    expect(cached.log.match(/^#\d+ CACHED$/gm)?.length).toBeGreaterThan(8);
    expect(lab.leftovers()).toBe("");
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(idle);
  });
});
