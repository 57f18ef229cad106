import { randomUUID } from "node:crypto";
import { remote } from "../../src/client/index.ts";
import { type ClientCall, control, type GrpcClient, gateway, type RpcStatus } from "../../src/grpc/index.ts";
import { quietScope, type Scope } from "../../src/kit/index.ts";
import { buildDefinition, type State } from "../../src/llb/index.ts";
import { hostPlatform } from "../../src/oci/index.ts";
import { createLocalSession, type LocalSessionOptions } from "../../src/session/index.ts";
import { attachSession } from "../../src/tunnel/index.ts";
import type { Init, Method, pb } from "../../src/wire/index.ts";

const { dial } = await remote();
const { LLBBridgeService: service } = gateway;

/** A build whose frontend is the test: upstream's client, message by message. */
export interface GatewayBuild {
  ask<I, O>(method: Method<I, O>, request: Init<I>): Promise<O>;
  /** The ref of the state. */
  solve(state: State, more?: Init<gateway.SolveRequest>): Promise<string>;
  open(id: string, mounts: readonly Init<pb.Mount>[], more?: Init<gateway.NewContainerRequest>): Promise<void>;
  start(container: string, init: Init<gateway.InitMessage>): Promise<TestProcess>;
  finish(result?: Init<gateway.Result>): Promise<control.SolveResponse>;
  /** Goes away without a word. */
  vanish(): void;
}

export interface TestProcess {
  /** What came, in order: `started`, `1:text`, `2:end`, `exit 3`, `done`. */
  readonly told: readonly string[];
  readonly out: string;
  readonly err: string;
  /** Resolves at `done`. */
  readonly done: Promise<{ readonly code: number; readonly error?: RpcStatus }>;
  send(input: NonNullable<Init<gateway.ExecMessage>["input"]>): void;
  type(text: string, end?: boolean): void;
  until(text: string | RegExp): Promise<string>;
}

/** Runs `work` as the frontend of a build at a daemon. */
export async function withGateway<T>(
  address: string,
  work: (build: GatewayBuild) => Promise<T>,
  more: { readonly session?: Partial<LocalSessionOptions>; readonly solve?: Init<control.SolveRequest> } = {},
): Promise<T> {
  await using connection = await dial({ address, timeout: 60_000 }, quietScope);
  const controller = new AbortController();
  const scope: Scope = { ...quietScope, signal: controller.signal };
  await using session = await createLocalSession({ ...plainSession(), ...more.session });
  const attached = attachSession(connection.client, session, "key", scope);
  const ref = randomUUID();
  const request = { ref, session: session.id, ...more.solve };
  const solved = connection.client.unary(control.ControlService.Solve, request, scope);
  solved.catch(() => {});
  try {
    return await work(gatewayBuild(connection.client, ref, solved, controller));
  } finally {
    controller.abort(new Error("test is over"));
    await attached[Symbol.asyncDispose]();
    await solved.catch(() => {});
  }
}

function plainSession(): LocalSessionOptions {
  const id = randomUUID();
  return {
    ...{ id, locals: {}, secrets: [], ssh: [], outputs: [], ociLayouts: {}, env: {} },
    stdout: () => process.stdout,
    warn: () => {},
  };
}

function gatewayBuild(
  client: GrpcClient,
  ref: string,
  solved: Promise<control.SolveResponse>,
  controller: AbortController,
): GatewayBuild {
  const options = { signal: controller.signal, metadata: new Map([["buildkit-controlapi-buildid", [ref]]]) };
  const ask: GatewayBuild["ask"] = (method, request) => client.unary(method, request, options);
  let stream: ExecStream | undefined;
  return {
    ask,
    async solve(state, more) {
      const definition = buildDefinition(state, { platform: hostPlatform() }).bytes;
      const request = { definition, allowResultReturn: true, allowResultArrayRef: true, ...more };
      const { result } = await ask(service.Solve, request);
      return result?.result?.case === "ref" ? result.result.value.id : "";
    },
    async open(containerID, mounts, more) {
      await ask(service.NewContainer, { containerID, mounts, ...more });
    },
    async start(containerID, init) {
      stream ??= new ExecStream(client.call(service.ExecProcess, options));
      return stream.start({ containerID, ...init });
    },
    async finish(result = {}) {
      await ask(service.Return, { result });
      return solved;
    },
    vanish: () => controller.abort(new Error("vanished")),
  };
}

class ExecStream {
  readonly #call: ClientCall<gateway.ExecMessage, gateway.ExecMessage>;
  readonly #processes = new Map<string, ClientProcess>();

  constructor(call: ClientCall<gateway.ExecMessage, gateway.ExecMessage>) {
    this.#call = call;
    this.#read().catch((error) => {
      for (const process of this.#processes.values()) process.fail(error);
    });
  }

  start(init: Init<gateway.InitMessage>): TestProcess {
    const id = randomUUID();
    const send: TestProcess["send"] = (input) => void this.#call.messages.send({ processID: id, input });
    const process = new ClientProcess(send);
    this.#processes.set(id, process);
    send({ case: "init", value: init });
    return process;
  }

  async #read(): Promise<void> {
    for await (const message of this.#call.messages) this.#processes.get(message.processID)?.take(message);
  }
}

class ClientProcess implements TestProcess {
  readonly told: string[] = [];
  out = "";
  err = "";
  readonly send: TestProcess["send"];
  readonly #done = Promise.withResolvers<{ readonly code: number; readonly error?: RpcStatus }>();
  #exit: { readonly code: number; readonly error?: RpcStatus } = { code: -1 };
  #news = Promise.withResolvers<void>();

  constructor(send: TestProcess["send"]) {
    this.send = send;
    this.#done.promise.catch(() => {});
  }

  get done() {
    return this.#done.promise;
  }

  type(text: string, end = false): void {
    this.send({ case: "file", value: { fd: 0, data: Buffer.from(text), eof: end } });
  }

  async until(text: string | RegExp): Promise<string> {
    while (this.out.search(text) < 0)
      await Promise.race([
        this.#news.promise,
        this.#done.promise.then(() => {
          if (this.out.search(text) < 0) throw new Error(`the process ended without ${text}: ${this.out}${this.err}`);
        }),
      ]);
    return this.out;
  }

  take({ input }: gateway.ExecMessage): void {
    if (input?.case === "file") {
      const { fd, data, eof } = input.value;
      const text = Buffer.from(data).toString();
      if (fd === 1) this.out += text;
      else this.err += text;
      this.told.push(eof ? `${fd}:end` : `${fd}:${text}`);
    } else if (input?.case === "exit") {
      this.#exit = input.value;
      this.told.push(`exit ${input.value.code}`);
    } else if (input !== undefined) this.told.push(input.case);
    if (input?.case === "done") this.#done.resolve(this.#exit);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  fail(error: unknown): void {
    this.#done.reject(error);
  }
}
