import { spawn } from "node:child_process";
import { once } from "node:events";
import { CooperError } from "../../kit/index.ts";

/** A network namespace with nothing but a loopback; it ends with this process, however that ends. */
export interface PodNetwork extends AsyncDisposable {
  /** The namespace's file. */
  readonly path: string;
}

const script = `
if command -v ip >/dev/null 2>&1; then ip link set lo up
elif command -v ifconfig >/dev/null 2>&1; then ifconfig lo up
elif command -v busybox >/dev/null 2>&1; then busybox ifconfig lo up
else exit 7; fi || exit 8
echo up
read -r _`;

/** Makes one for the containers of a pod. Throws `pod/no-network`. */
export async function openNetwork(): Promise<PodNetwork> {
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
  if (typeof answer === "number") {
    throw new CooperError("pod/no-network", `cannot make a network for the pod: unshare ended with ${answer}`, {
      hint: answer === 7 ? "install iproute2" : "run as root, or use --network host",
    });
  }
  return {
    path: `/proc/${child.pid}/ns/net`,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
