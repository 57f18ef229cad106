import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { pipe } from "../../sys/index.ts";
import type { Runtime } from "./find.ts";

/** What a runtime's standard output and error go to. */
export interface OutputPipes {
  /** For `spawn`: two of them, `"pipe"` or descriptors. */
  readonly targets: readonly ["pipe", "pipe"] | readonly [number, number];
  /** The ends to read, when they are not the child's own. */
  readonly readers: readonly [Socket, Socket] | undefined;
  /** To be called once the child runs. */
  closeTargets(): void;
}

/**
 * runc makes real pipes for its container. Others hand their own output on, and Node's would be sockets: a step that opens
 * /dev/stderr would fail. So they get real pipes from here.
 */
export function outputPipes(runtime: Runtime): OutputPipes {
  if (runtime.name.endsWith("runc")) return { targets: ["pipe", "pipe"], readers: undefined, closeTargets() {} };
  const [out, err] = [pipe(), pipe()];
  const reader = (fd: number) => new Socket({ fd, readable: true, writable: false });
  return {
    targets: [out.write, err.write],
    readers: [reader(out.read), reader(err.read)],
    closeTargets() {
      closeSync(out.write);
      closeSync(err.write);
    },
  };
}
