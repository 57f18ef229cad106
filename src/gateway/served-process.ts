import type { Readable } from "node:stream";
import { setTimeout as later } from "node:timers/promises";
import { Code, errorStatus, type gateway, type MessageStream, type RpcStatus, rpcError } from "../grpc/index.ts";
import { CooperError, isCooperError, messageOf } from "../kit/index.ts";
import type { GatewayContainer, GatewayProcess, ProcessRequest } from "./contract.ts";

type Messages = Pick<MessageStream<gateway.ExecMessage, gateway.ExecMessage>, "send">;

/** What a process may be behind with its input, in bytes, before the client's stream waits for it. */
const inputBacklog = 4 * 1024 * 1024;
/**
 * Output that somebody else of the container holds open ends when nothing has come of it between two looks, in milliseconds, or when more has come
 * since the process ended than a pipe can have held by then.
 */
const lookInterval = 500;
const largestPipe = 1024 * 1024;
/** Upstream's code for a process whose own is not known. */
const unknownExit = 255;

/** What has come of a process's outputs, and how many pieces are on their way to a client that takes its time. */
interface Flow {
  bytes: number;
  telling: number;
}

/**
 * One process of a container and its messages, in upstream's order: `Started`, its output, `Exit`, an end for each of its outputs,
 * and `Done` when its input has ended as well.
 */
export class ServedProcess {
  /** Settles when `Done` was sent, or nobody listens any more. Never rejects. */
  readonly done: Promise<void>;
  readonly #id: string;
  readonly #fds: ReadonlySet<number>;
  readonly #messages: Messages;
  readonly #process: Promise<GatewayProcess>;
  readonly #inputEnded = Promise.withResolvers<void>();
  readonly #detached = Promise.withResolvers<void>();

  constructor(id: string, container: GatewayContainer, init: gateway.InitMessage, messages: Messages) {
    this.#id = id;
    this.#fds = new Set(init.fds);
    this.#messages = messages;
    this.#process = startProcess(container, init);
    this.#process.catch(() => {});
    if (!this.#fds.has(0)) this.#inputEnded.resolve();
    this.done = Promise.race([this.#serve(), this.#detached.promise]);
  }

  /** What the client says to it. Throws OUT_OF_RANGE, INVALID_ARGUMENT. */
  async take({ input }: gateway.ExecMessage): Promise<void> {
    if (input?.case === "file") return this.#takeInput(input.value);
    const process = await this.#process.catch(() => undefined);
    if (input?.case === "resize") process?.resize({ columns: input.value.cols, rows: input.value.rows });
    if (input?.case === "signal") signal(process, input.value.name);
  }

  /** Nobody listens any more: what it says is dropped. */
  detach(): void {
    this.#detached.resolve();
    this.#process.then(
      ({ stdin, stdout, stderr }) => {
        stdin?.end();
        for (const stream of [stdout, stderr]) stream?.on("error", () => {}).resume();
      },
      () => {},
    );
  }

  async #takeInput({ fd, data, eof }: gateway.FdMessage): Promise<void> {
    if (fd !== 0 || !this.#fds.has(0)) throw rpcError(Code.OUT_OF_RANGE, `fd ${fd} unavailable to write`);
    const process = await this.#process.catch(() => undefined);
    const stdin = process?.stdin;
    if (stdin !== undefined && !stdin.destroyed && !stdin.writableEnded) {
      if (data.byteLength > 0) stdin.write(data);
      if (eof) stdin.end();
      if (stdin.writableLength > inputBacklog) await Promise.race([drained(stdin), settled(process?.exit)]);
    }
    if (eof) this.#inputEnded.resolve();
  }

  async #serve(): Promise<void> {
    const begun = await this.#process.catch((error: unknown) => ({ failure: error }));
    await this.#send({ case: "started", value: {} });
    const exit = "failure" in begun ? exitOf(Promise.reject(begun.failure)) : this.#follow(begun);
    await this.#send({ case: "exit", value: await exit });
    for (const fd of this.#fds) if (fd !== 0) await this.#send({ case: "file", value: { fd, eof: true } });
    await this.#inputEnded.promise;
    await this.#send({ case: "done", value: {} });
  }

  /** Passes on what it says, until it has ended and all that it had said by then is told, however slow the client is. */
  async #follow(process: GatewayProcess): Promise<{ code: number; error?: RpcStatus }> {
    const flow: Flow = { bytes: 0, telling: 0 };
    const outputs = Promise.all([this.#forward(1, process.stdout, flow), this.#forward(2, process.stderr, flow)]);
    const exit = await exitOf(process.exit);
    const over = outputs.then(() => true);
    const atExit = flow.bytes;
    for (
      let before = -1;
      !(await Promise.race([over, later(lookInterval, false, { ref: false })]));
      before = flow.bytes
    ) {
      const still = flow.bytes === before && flow.telling === 0;
      if (!still && flow.bytes - atExit <= largestPipe) continue;
      process.stdout.destroy();
      process.stderr?.destroy();
    }
    return exit;
  }

  async #forward(fd: number, stream: Readable | undefined, flow: Flow): Promise<void> {
    if (stream === undefined) return;
    const wanted = this.#fds.has(fd);
    try {
      for await (const data of stream) {
        flow.bytes += (data as Buffer).byteLength;
        flow.telling++;
        if (wanted) await this.#send({ case: "file", value: { fd, data: data as Buffer } });
        flow.telling--;
      }
    } catch {
      // Destroyed: nobody waits for it.
    }
  }

  async #send(input: NonNullable<Parameters<Messages["send"]>[0]["input"]>): Promise<void> {
    await this.#messages.send({ processID: this.#id, input });
  }
}

async function startProcess(container: GatewayContainer, init: gateway.InitMessage): Promise<GatewayProcess> {
  const { meta } = init;
  const security = (["sandbox", "insecure"] as const)[init.security];
  if (security === undefined) throw rpcError(Code.UNKNOWN, `invalid security mode: ${init.security}`);
  const request: ProcessRequest = {
    args: meta?.args ?? [],
    env: meta?.env ?? [],
    secretEnv: init.secretenv,
    cwd: meta?.cwd || "/",
    user: meta?.user ?? "",
    security,
    removeMountStubs: meta?.removeMountStubsRecursive ?? false,
    stdin: init.fds.includes(0),
    ...(init.tty && { terminal: { columns: 0, rows: 0 } }),
  };
  return container.start(request);
}

/** Go's client wants an error with every code but 0. */
async function exitOf(exit: GatewayProcess["exit"]): Promise<{ code: number; error?: RpcStatus }> {
  try {
    const { exitCode } = await exit;
    return exitCode === 0 ? { code: 0 } : { code: exitCode, error: exitStatus(exitCode) };
  } catch (error) {
    if (isCooperError(error, "executor/cancelled")) {
      return { code: 137, error: exitStatus(137, "exit code: 137: context canceled") };
    }
    // The runtime's own exit code when it could not start the process.
    if (isCooperError(error, "executor/start-failed")) return { code: 1, error: exitStatus(1, messageOf(error)) };
    return { code: unknownExit, error: errorStatus(error) };
  }
}

function exitStatus(code: number, sentence = `exit code: ${code}`): RpcStatus {
  return errorStatus(new CooperError("gateway/process-failed", sentence, { details: { kind: "exit", code } }));
}

function signal(process: GatewayProcess | undefined, name: string): void {
  try {
    process?.signal(name);
  } catch (error) {
    throw rpcError(Code.INVALID_ARGUMENT, messageOf(error));
  }
}

function drained(stdin: NonNullable<GatewayProcess["stdin"]>): Promise<void> {
  return new Promise((resolve) => {
    stdin.once("drain", resolve);
    stdin.once("close", resolve);
  });
}

function settled(promise: Promise<unknown> | undefined): Promise<void> {
  return Promise.resolve(promise).then(
    () => {},
    () => {},
  );
}
