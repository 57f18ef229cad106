import { execFileSync } from "node:child_process";
import { chmodSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { messageOf, sleep } from "../../../kit/index.ts";
import { type AgentAnswer, type AgentCall, refused } from "./call.ts";
import { CallFolder } from "./call-folder.ts";
import { agentScript } from "./script.ts";

/** How often is looked whether the caller waits for its answer, in milliseconds. */
const answerPause = 5;

type Answer = (call: AgentCall) => Promise<AgentAnswer>;

/** The folder that stands in for the agent in one job. Disposal stops answering. */
export interface AgentServer extends Disposable {
  /** To be seen at `COOPER_AGENT_DIR`, and on the path. */
  readonly folder: string;
}

/** Makes `folder` the agent's: its script, and a pipe on which calls are told. Each is answered by `answer`, several at once. */
export function startAgent(folder: string, answer: Answer): AgentServer {
  makeFolder(folder);
  // Open for writing too: else the first caller's end would be the end of the pipe.
  const fd = openSync(join(folder, "requests"), constants.O_RDWR | constants.O_NONBLOCK);
  const requests = new Socket({ fd, readable: true, writable: false });
  requests.on("error", () => {});
  const closing = new AbortController();
  let rest = "";
  requests.on("data", (chunk: Buffer) => {
    const names = (rest + chunk.toString("latin1")).split("\n");
    rest = names.pop() ?? "";
    for (const name of names.filter((one) => /^\d+\.\d+$/.test(one))) {
      void serve(join(folder, "calls", name), answer, closing.signal).catch(() => {});
    }
  });
  return {
    folder,
    [Symbol.dispose]() {
      closing.abort();
      requests.destroy();
    },
  };
}

function makeFolder(folder: string): void {
  mkdirSync(join(folder, "calls"), { recursive: true });
  chmodSync(folder, 0o755);
  // Whoever a container runs as may call, and nobody may touch another's call.
  chmodSync(join(folder, "calls"), 0o1777);
  writeFileSync(join(folder, "buildkite-agent"), agentScript);
  chmodSync(join(folder, "buildkite-agent"), 0o755);
  execFileSync("mkfifo", [join(folder, "requests")]);
  chmodSync(join(folder, "requests"), 0o622);
}

async function serve(path: string, answer: Answer, signal: AbortSignal): Promise<void> {
  using folder = new CallFolder(path);
  const given = await answered(folder, answer);
  if (given.kind === "exit") {
    folder.write("out", given.out ?? "");
    folder.write("err", given.err ?? "");
  }
  // The caller opens its end when it has told of the call.
  while (!folder.tell(given.kind === "exit" ? `exit ${given.code}\n` : "stdin\n")) await sleep(answerPause, signal);
}

async function answered(folder: CallFolder, answer: Answer): Promise<AgentAnswer> {
  try {
    return await answer(folder.read());
  } catch (error) {
    return refused(`buildkite-agent: ${messageOf(error)}`);
  }
}
