import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { describeScenarios } from "../support/scenario.ts";

let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((client) => {
    client.on("error", () => {});
    client.end("foo\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const allowHost = { daemon: "--allow-insecure-entitlement network.host", args: ["--allow", "network.host"] };
const allowInsecure = {
  daemon: "--allow-insecure-entitlement security.insecure",
  args: ["--allow", "security.insecure"],
};

describeScenarios("RUN --network", {
  "none is a loopback of the step's own, default and host reach this machine": () => ({
    dockerfile: `
FROM busybox AS build
RUN nc 127.0.0.1 ${port} > /by-default
RUN --network=default nc 127.0.0.1 ${port} > /default
RUN --network=host nc 127.0.0.1 ${port} > /host
RUN --network=none ! nc -w 1 127.0.0.1 ${port} && ls /sys/class/net > /none
FROM scratch
COPY --from=build /by-default /default /host /none /
`,
    ...allowHost,
    holds: { "by-default": "foo\n", default: "foo\n", host: "foo\n", none: "lo\n" },
  }),

  "is for all steps that do not say what the force-network-mode says": () => ({
    dockerfile: `
FROM busybox AS build
RUN nc 127.0.0.1 ${port} > /forced
RUN --network=none ! nc -w 1 127.0.0.1 ${port}
FROM scratch
COPY --from=build /forced /
`,
    options: ["force-network-mode=host"],
    ...allowHost,
    holds: { forced: "foo\n" },
  }),

  "none may be forced": () => ({
    dockerfile: `FROM busybox\nRUN ! nc -w 1 127.0.0.1 ${port} && touch /ok\n`,
    options: ["force-network-mode=none"],
    holds: { ok: "" },
  }),

  "host is refused when the caller did not allow it": {
    dockerfile: "FROM busybox\nRUN --network=host true\n",
    daemon: allowHost.daemon,
    fails: ["network.host is not allowed", "--allow network.host"],
  },

  "host is refused when the builder does not allow it": {
    dockerfile: "FROM busybox\nRUN --network=host true\n",
    args: allowHost.args,
    fails: ["entitlement network.host is not allowed", "--allow-insecure-entitlement network.host"],
  },

  "forced to host is refused when the caller did not allow it": {
    dockerfile: "FROM busybox\nRUN true\n",
    options: ["force-network-mode=host"],
    daemon: allowHost.daemon,
    fails: ["network.host is not allowed"],
  },

  "of another name is refused": {
    dockerfile: "FROM busybox\nRUN --network=bridge true\n",
    fails: [/network mode/, /Dockerfile:2[:\n]/],
  },
});

/** All that this machine's root has, which need not be all that there are. */
const own = /^CapEff:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
const capabilities = "$(sed -n 's/^CapBnd:\\t//p' /proc/self/status)";

describeScenarios("RUN --security", {
  "sandbox, and nothing said, have the usual capabilities": {
    dockerfile: `
FROM busybox AS build
RUN echo ${capabilities} > /default
RUN --security=sandbox echo ${capabilities} > /sandbox
RUN ! mount -t tmpfs none /mnt 2>/dev/null && ! dmesg 2>/dev/null && [ ! -e /dev/fuse ] && grep -q "^Seccomp:.*2" /proc/self/status && touch /ok
FROM scratch
COPY --from=build /default /sandbox /ok /
`,
    ...allowInsecure,
    holds: { default: "00000000a80425fb\n", sandbox: "00000000a80425fb\n", ok: "" },
  },

  "insecure has all capabilities, the devices, and may mount": {
    dockerfile: `
FROM busybox AS build
RUN [ ! -e /dev/fuse ] && [ ! -e /dev/loop-control ]
RUN --security=insecure echo ${capabilities} > /caps
RUN --security=insecure [ -c /dev/fuse ] && [ -c /dev/loop-control ] && [ -b /dev/loop0 ] && dmesg > /dev/null
RUN --security=insecure mkdir -p /mnt && mount -t tmpfs none /mnt && echo in > /mnt/file && umount /mnt && [ -w /proc/sys ] && touch /ok
RUN [ ! -e /dev/fuse ] && echo ${capabilities} > /after
FROM scratch
COPY --from=build /caps /ok /after /
`,
    ...allowInsecure,
    holds: { caps: `${own}\n`, ok: "", after: "00000000a80425fb\n" },
  },

  "insecure is refused when the caller did not allow it": {
    dockerfile: "FROM busybox\nRUN --security=insecure true\n",
    daemon: allowInsecure.daemon,
    fails: ["security.insecure is not allowed", "--allow security.insecure"],
  },

  "insecure is refused when the builder does not allow it": {
    dockerfile: "FROM busybox\nRUN --security=insecure true\n",
    args: allowInsecure.args,
    fails: ["entitlement security.insecure is not allowed", "--allow-insecure-entitlement security.insecure"],
  },

  "insecure is allowed by the builder's file, too": ({ lab }) => {
    const file = join(lab.folder, "buildkitd.toml");
    writeFileSync(file, `insecure-entitlements = ["security.insecure", "network.host"]\n${lab.read(file)}`);
    return {
      dockerfile: "FROM busybox\nRUN --security=insecure [ -c /dev/fuse ] && touch /ok\n",
      args: allowInsecure.args,
      holds: { ok: "" },
    };
  },
});
