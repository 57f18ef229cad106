import { type Bytes, collect, quietScope } from "../../kit/index.ts";
import type { OutputTarget } from "../../session/index.ts";
import type { ExportScope } from "../contract.ts";

/** A scope that writes down the tasks in order of their beginning. */
export function collectingScope(signal: AbortSignal = quietScope.signal): ExportScope & { readonly tasks: string[] } {
  const tasks: string[] = [];
  return {
    ...quietScope,
    signal,
    tasks,
    task: async (name, work) => {
      tasks.push(name);
      return await work(() => {});
    },
  };
}

/** A target that keeps what it is sent. */
export function collectingTarget(): {
  readonly target: OutputTarget;
  readonly sent: { bytes: Buffer; metadata: object }[];
} {
  const sent: { bytes: Buffer; metadata: object }[] = [];
  const write = async (bytes: Bytes, metadata: Readonly<Record<string, string>>) => {
    sent.push({ bytes: await collect(bytes, 1e9), metadata });
  };
  return { target: { kind: "stream", write }, sent };
}
