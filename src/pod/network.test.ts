import { execFileSync } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGateway } from "./run/outgoing.ts";
import { type Lab, podLab } from "./testing/index.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await podLab();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const sh = (name: string, script: string) => ({ name, image: "busybox", command: ["sh", "-c", script] });

function missing(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return false;
  } catch {
    return true;
  }
}

test("without slirp4netns, or where it cannot do it, there is no way out, and the error says so", async () => {
  // No process has that id.
  await expect(openGateway(2 ** 30)).rejects.toMatchObject({
    code: "pod/no-network",
    hint: expect.stringContaining("--network host"),
  });
});

describe.skipIf(missing("slirp4netns"))("pods with a network of their own (skipped without slirp4netns)", () => {
  /** Serves on a port that the other pod has, too. */
  const pod = (word: string, rest: string) => ({
    initContainers: [
      {
        ...sh("web", `mkdir /tmp/w; echo ${word} > /tmp/w/word; exec httpd -f -p 8098 -h /tmp/w`),
        restartPolicy: "Always",
        startupProbe: { httpGet: { port: 8098, path: "/word" }, periodSeconds: 1, failureThreshold: 60 },
      },
    ],
    containers: [sh("main", `wget -q -O - http://127.0.0.1:8098/word; ${rest}`)],
    terminationGracePeriodSeconds: 0,
  });

  test("two at once listen on the same port; each reaches the machine, and has a name server", async () => {
    // Answers both only when both are there.
    const waiting: Socket[] = [];
    const met = createServer({ allowHalfOpen: true }, (socket) => {
      waiting.push(socket.on("error", () => {}));
      if (waiting.length === 2) for (const one of waiting) one.end("both\n");
    });
    await new Promise<void>((resolve) => met.listen(0, "127.0.0.1", resolve));
    const address = met.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const rest = `nc host.containers.internal ${port}; grep nameserver /etc/resolv.conf`;
    const [one, two] = await Promise.all(["one", "two"].map((word) => lab.run(pod(word, rest), { network: "pod" })));
    await new Promise((resolve) => met.close(resolve));
    expect(one?.log).toBe("main: one\nmain: both\nmain: nameserver 10.0.2.3\n");
    expect(two?.log).toBe("main: two\nmain: both\nmain: nameserver 10.0.2.3\n");
  });

  test("hostNetwork: true is the machine's", async () => {
    const spec = { hostNetwork: true, containers: [sh("main", "readlink /proc/self/ns/net")] };
    const { log } = await lab.run(spec, { network: "pod" });
    expect(log.trim()).toBe(`main: ${execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }).trim()}`);
  });
});
