import { Worker } from "node:worker_threads";
import { CooperError } from "../kit/index.ts";

/** A network namespace that has nothing but a loopback, and a TCP socket that listens there on 127.0.0.1. Close both descriptors. */
export interface IsolatedListener {
  /** As `/proc/PID/fd/N` it is a file that others can join it by. */
  readonly namespace: number;
  readonly socket: number;
  readonly port: number;
}

/**
 * Makes one without a process. A thread of its own goes there and ends: descriptors are the process's, and no other thread leaves its network, into
 * which it might not get back (in a user namespace it does not). Needs CAP_SYS_ADMIN. Throws `sys/no-network`.
 */
export async function listenInOwnNetwork(): Promise<IsolatedListener> {
  // Descriptors that the thread opened must outlive it.
  const thread = new Worker(new URL("./isolated-listener-thread.ts", import.meta.url), { trackUnmanagedFds: false });
  const answer = await new Promise<IsolatedListener | { readonly error: string }>((resolve) => {
    thread.once("message", resolve);
    thread.once("error", (error) => resolve({ error: String(error) }));
    thread.once("exit", (code) => resolve({ error: `the thread ended with ${code}` }));
  });
  if (!("error" in answer)) return answer;
  throw new CooperError("sys/no-network", `cannot make a network namespace: ${answer.error}`);
}
