import type { Readable } from "node:stream";
import type { FrontendResult } from "../../frontend/index.ts";
import { errorStatus, GrpcServer, health, serverSession, type types, unary } from "../../grpc/index.ts";
import { CooperError, messageOf, type Scope, sleep } from "../../kit/index.ts";
import type { Init } from "../../wire/index.ts";
import type { GatewayBridge, GatewayProcess } from "../contract.ts";
import { gatewayHandlers } from "../handlers.ts";
import { connectionOf } from "./connection.ts";

/** So much of what a frontend writes to its standard error is kept for the hint when it fails, in characters. */
const complaintSize = 2000;
/** How long the rest of it is waited for, in milliseconds: somebody else of the container may hold it open. */
const lastWords = 500;

type Outcome = { readonly result: FrontendResult } | { readonly error: unknown };

/** One frontend that runs in a container: a server of its own on its standard streams, and what it returned. */
export class ServedFrontend {
  readonly #server: GrpcServer;
  readonly #log: Scope["log"];
  #outcome: Outcome | undefined;

  constructor(bridge: GatewayBridge, worker: Init<types.WorkerRecord>, scope: Scope) {
    const caller = {
      bridge,
      returns: (result: FrontendResult) => this.#settle({ result }),
      fails: (error: unknown) => this.#settle({ error }),
    };
    const alive = unary(health.HealthService.Check, async () => ({ status: health.ServingStatus.SERVING }));
    const handlers = [
      ...gatewayHandlers(
        async () => caller,
        async () => worker,
        scope,
      ),
      alive,
    ];
    this.#log = (sentence) => scope.log(`frontend: ${sentence}`);
    this.#server = new GrpcServer(handlers, { statusOf: errorStatus, log: this.#log });
  }

  /**
   * Answers the process until it ends. An error that it returned counts most, then how the process ended, then its result. Throws
   * `gateway/frontend-failed`, `gateway/no-result`.
   */
  async serve(process: GatewayProcess): Promise<FrontendResult> {
    const complaint = this.#listen(process.stderr);
    const session = serverSession(connectionOf(process));
    this.#server.attach(session);
    try {
      const failure = await failureOf(process);
      if (this.#outcome !== undefined && "error" in this.#outcome) throw this.#outcome.error;
      if (failure !== undefined) throw withHint(failure, await complaint());
      if (this.#outcome === undefined) throw withHint(noResult(), await complaint());
      return this.#outcome.result;
    } finally {
      session.destroy();
      await this.#server.idle();
    }
  }

  #settle(outcome: Outcome): void {
    if (this.#outcome !== undefined) throw new CooperError("gateway/no-result", "gateway result is already set");
    this.#outcome = outcome;
  }

  /** Passes on what it writes to its standard error; gives the end of that, which may come a moment after the process has ended. */
  #listen(stderr: Readable | undefined): () => Promise<string> {
    let tail = "";
    stderr?.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      this.#log(text.trimEnd());
      tail = (tail + text).slice(-complaintSize);
    });
    stderr?.on("error", () => {});
    const over = new Promise<void>((resolve) =>
      stderr === undefined ? resolve() : void stderr.once("close", resolve),
    );
    return async () => {
      await Promise.race([over, sleep(lastWords)]);
      return tail.trim();
    };
  }
}

async function failureOf({ exit }: GatewayProcess): Promise<CooperError | undefined> {
  try {
    const { exitCode } = await exit;
    const details = { kind: "exit", code: exitCode };
    if (exitCode === 0) return undefined;
    return new CooperError("gateway/frontend-failed", `exit code: ${exitCode}`, { details });
  } catch (error) {
    return new CooperError("gateway/frontend-failed", messageOf(error), { cause: error });
  }
}

function noResult(): CooperError {
  return new CooperError("gateway/no-result", "no result for incomplete build");
}

function withHint(error: CooperError, complaint: string): CooperError {
  if (complaint === "") return error;
  const { code, message, details, cause } = error;
  const hint = `the frontend said: ${complaint}`;
  return new CooperError(code, message, { details, cause, hint });
}
