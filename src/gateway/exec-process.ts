import { Code, type gateway, rpcError, type ServerCall } from "../grpc/index.ts";
import type { GatewayContainer } from "./contract.ts";
import { ServedProcess } from "./served-process.ts";

type ExecCall = ServerCall<gateway.ExecMessage, gateway.ExecMessage>;

/**
 * Answers `ExecProcess`: all processes that one client starts, over one stream. What they were told and what they say is
 * kept apart by the process id that the client chose. Processes outlive the stream; they end with their container.
 */
export async function execProcess(
  call: ExecCall,
  containerOf: (id: string) => GatewayContainer | undefined,
): Promise<void> {
  const processes = new Map<string, ServedProcess>();
  call.header();
  try {
    for await (const message of call.messages) {
      const id = message.processID;
      if (id === "") throw rpcError(Code.INVALID_ARGUMENT, "ProcessID required");
      if (message.input?.case === "init") {
        if (processes.has(id)) throw rpcError(Code.ALREADY_EXISTS, `Process ${id} already exists`);
        const container = containerOf(message.input.value.containerID);
        if (container === undefined) throw released(message.input.value.containerID);
        processes.set(id, new ServedProcess(id, container, message.input.value, call.messages));
      } else {
        const process = processes.get(id);
        if (process === undefined) throw rpcError(Code.NOT_FOUND, `IO for process "${id}" not found`);
        await process.take(message);
      }
    }
    await Promise.all([...processes.values()].map((process) => process.done));
  } finally {
    for (const process of processes.values()) process.detach();
  }
}

function released(id: string) {
  return rpcError(Code.NOT_FOUND, `container "${id}" previously released or not created`);
}
