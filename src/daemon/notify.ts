import { type Log, messageOf } from "../kit/index.ts";

/** Tells the service manager that waits at `NOTIFY_SOCKET`, if one does, a state: `READY=1`, `STOPPING=1`. Never throws. */
export async function notify(state: string, env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  const { NOTIFY_SOCKET: path = "" } = env;
  if (path === "") return;
  try {
    const { sendDatagram } = await import("../sys/index.ts");
    sendDatagram(path, Buffer.from(state));
  } catch (error) {
    log(`cannot notify ${path}: ${messageOf(error)}`);
  }
}
