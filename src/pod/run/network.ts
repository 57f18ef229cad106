import { spawn } from "node:child_process";
import { once } from "node:events";
import { CooperError } from "../../kit/index.ts";
import { openGateway } from "./outgoing.ts";

/** A network namespace of a pod's own; it ends with this process, however that ends. */
export interface PodNetwork extends AsyncDisposable {
  /** The namespace's file. */
  readonly path: string;
  /** The name server that is asked in there; undefined where there is none. */
  readonly nameServer: string | undefined;
  /** Names of addresses that only exist in there. */
  readonly hosts: readonly { readonly host: string; readonly ip: string }[];
}

const script = `
if command -v ip >/dev/null 2>&1; then ip link set lo up
elif command -v ifconfig >/dev/null 2>&1; then ifconfig lo up
elif command -v busybox >/dev/null 2>&1; then busybox ifconfig lo up
else exit 7; fi || exit 8
echo up
read -r _`;

/** Makes one for the containers of a pod: with nothing but a loopback, or with a way out by slirp4netns. Throws `pod/no-network`. */
export async function openNetwork(wayOut: boolean): Promise<PodNetwork> {
  const namespace = await openNamespace();
  const path = `/proc/${namespace.pid}/ns/net`;
  if (!wayOut) return { path, nameServer: undefined, hosts: [], [Symbol.asyncDispose]: namespace.close };
  try {
    const gateway = await openGateway(namespace.pid);
    return {
      path,
      nameServer: gateway.nameServer,
      hosts: [{ host: "host.containers.internal", ip: gateway.machine }],
      async [Symbol.asyncDispose]() {
        await gateway[Symbol.asyncDispose]();
        await namespace.close();
      },
    };
  } catch (error) {
    await namespace.close();
    throw error;
  }
}

async function openNamespace(): Promise<{ readonly pid: number; close(): Promise<void> }> {
  const child = spawn("unshare", ["--net", "--", "/bin/sh", "-c", script], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  child.stdin.on("error", () => {});
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
  const answer = await Promise.race([once(child.stdout, "data"), ended]);
  if (typeof answer === "number" || child.pid === undefined) {
    throw new CooperError("pod/no-network", `cannot make a network for the pod: unshare ended with ${answer}`, {
      hint: answer === 7 ? "install iproute2" : "run as root, or use --network host",
    });
  }
  return {
    pid: child.pid,
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
