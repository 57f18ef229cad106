import { spawn } from "node:child_process";

/** A process that does what is left to do when this one dies. */
export interface Watchdog {
  /** Ends it when there is nothing left to do. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a shell with a script that waits for the end of its standard input: that comes when this process dies, however it dies. */
export function startWatchdogProcess(script: string, args: readonly string[]): Watchdog {
  const child = spawn("/bin/sh", ["-c", script, "cooper-watchdog", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  child.stdin?.once("error", () => {});
  child.unref();
  // The pipe is a socket handle of this process's loop; it must not keep the process alive.
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return {
    stop: async () => {
      child.ref();
      child.kill("SIGKILL");
      await gone;
    },
  };
}
