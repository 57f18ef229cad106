import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { CooperError } from "../../kit/index.ts";

/** A way out of a network namespace: TCP, UDP and names, by a program of this user's, nothing of the machine's own network is changed for it. */
export interface Gateway extends AsyncDisposable {
  readonly nameServer: string;
  /** The machine's loopback, seen from inside. */
  readonly machine: string;
}

/** slirp4netns' own network, its defaults (slirp4netns(1)). */
const addresses = { nameServer: "10.0.2.3", machine: "10.0.2.2" } as const;
/** What podman gives it, too: packets need not be as small as on a wire. */
const packetSize = 65_520;

/** Opens one for the namespace of a process. It ends when this process does. Throws `pod/no-network` without slirp4netns, or when that cannot do it. */
export async function openGateway(pid: number): Promise<Gateway> {
  // Descriptor 3: says that it is ready. 4: its end tells it to go.
  const words = ["--configure", `--mtu=${packetSize}`, "--ready-fd=3", "--exit-fd=4", String(pid), "tap0"];
  const child = spawn("slirp4netns", words, { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"], detached: true });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-1000);
  });
  const [ready, leave] = [child.stdio[3] as Readable, child.stdio[4]];
  for (const stream of [ready, leave]) stream?.on("error", () => {});
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(said.trim().split("\n").at(-1) || `it ended with ${code}`));
  });
  const trouble = await Promise.race([once(ready, "data").then(() => undefined), ended]);
  if (trouble !== undefined) {
    throw new CooperError("pod/no-network", `cannot make a way out of the pod's network: slirp4netns: ${trouble}`, {
      hint: "install slirp4netns (Debian's package of that name), or use --network host, or --network none",
    });
  }
  return {
    ...addresses,
    async [Symbol.asyncDispose]() {
      leave?.destroy();
      await ended;
    },
  };
}
