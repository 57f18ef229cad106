/**
 * A frontend as it is in an image: it talks to its builder on its standard input and output, and does what the option `do` says. Bundled
 * by `frontend-image.ts`; runs with nothing but Node around it.
 */
import { existsSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { connectionOf } from "../../src/gateway/image/connection.ts";
import { clientSession, GrpcClient, gateway } from "../../src/grpc/index.ts";
import { buildDefinition, image, type State, scratch, stateFromDefinition } from "../../src/llb/index.ts";
import { hostPlatform } from "../../src/oci/index.ts";
import type { Init, Method } from "../../src/wire/index.ts";

const { LLBBridgeService: service } = gateway;
const options = new Map(
  Object.entries(process.env)
    .filter(([name]) => name.startsWith("BUILDKIT_FRONTEND_OPT_"))
    .map(([, text = ""]): [string, string] => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]),
);
const option = (name: string) => options.get(name) ?? "";
const client = connect();
const ask = <I, O>(method: Method<I, O>, request: Init<I>) =>
  client.unary(method, request, { signal: AbortSignal.timeout(60_000) });

function connect(): GrpcClient {
  const [input, output] = [new Socket({ fd: 0, writable: false }), new Socket({ fd: 1, readable: false })];
  return new GrpcClient(clientSession(connectionOf({ stdin: output, stdout: input })));
}

async function solve(state: State, evaluate = false): Promise<string> {
  const definition = buildDefinition(state, { platform: hostPlatform() }).bytes;
  const request = { definition, evaluate, allowResultReturn: true, allowResultArrayRef: true };
  const { result } = await ask(service.Solve, request);
  return result?.result?.case === "ref" ? result.result.value.id : "";
}

async function read(ref: string, filePath: string): Promise<string> {
  return Buffer.from((await ask(service.ReadFile, { ref, filePath })).data).toString();
}

const file = (path: string, text: string) =>
  ({ kind: "mkfile", path, mode: 0o644, data: Buffer.from(text), timestamp: undefined }) as const;

/** Returns a tree with the facts that the frontend sees of its surroundings. */
async function look(): Promise<void> {
  const pong = await ask(service.Ping, {});
  const { definitions } = await ask(service.Inputs, {});
  const inputs: Record<string, string> = {};
  for (const [name, bytes] of definitions) inputs[name] = await read(await solve(stateFromDefinition(bytes)), "/in");
  const facts = {
    options: Object.fromEntries(options),
    cwd: process.cwd(),
    uid: process.getuid?.(),
    product: process.env.BUILDKIT_EXPORTEDPRODUCT,
    session: process.env.BUILDKIT_SESSION_ID !== "",
    workers: JSON.parse(process.env.BUILDKIT_WORKERS ?? "").length,
    image: process.env.FROM_IMAGE,
    metadata: existsSync("/run/config/buildkit/metadata/frontend.bin"),
    network: existsSync("/proc/net/dev") ? readFileSync("/proc/net/dev", "utf8").split("\n").length - 3 : undefined,
    exec: pong.frontendAPICaps.some(({ id, enabled }) => id === "gateway.exec" && enabled),
    inputs,
  };
  const ref = await solve(scratch().file([file("/facts.json", JSON.stringify(facts))]), true);
  const metadata = new Map([["frontend.returned", Buffer.from(await read(ref, "/facts.json"))]]);
  await ask(service.Return, { result: { metadata, result: { case: "ref", value: { id: ref } } } });
}

/** Runs a process in a container of its own, and returns what it said. */
async function runContainer(): Promise<void> {
  await ask(service.NewContainer, {
    containerID: "c",
    mounts: [{ dest: "/", resultID: await solve(image(option("base"))) }],
  });
  const call = client.call(service.ExecProcess, { signal: AbortSignal.timeout(60_000) });
  const tty = option("tty") !== "";
  const meta = { args: ["sh", "-c", "[ -t 1 ] && echo on a terminal; echo from inside"] };
  const init = { containerID: "c", meta, tty, fds: [1] };
  await call.messages.send({ processID: "p", input: { case: "init", value: init } });
  let said = "";
  for await (const { input } of call.messages) {
    if (input?.case === "file") said += Buffer.from(input.value.data).toString();
    if (input?.case === "done") break;
  }
  const id = await solve(scratch().file([file("/said", said)]));
  await ask(service.Return, { result: { result: { case: "ref", value: { id } } } });
}

const actions: Readonly<Record<string, () => Promise<unknown>>> = {
  look,
  container: runContainer,
  forward: async () => {
    const frontendOpt = new Map([["filename", "Inner"]]);
    const request = { frontend: "dockerfile.v0", frontendOpt, allowResultReturn: true, allowResultArrayRef: true };
    const { result } = await ask(service.Solve, request);
    return ask(service.Return, { result });
  },
  refuse: () => ask(service.Return, { error: { code: 3, message: "this frontend does not want to" } }),
  exit: async () => {
    process.stderr.write("something is wrong\n");
    process.exitCode = 7;
  },
  mute: async () => {},
  hang: () => new Promise((resolve) => setTimeout(resolve, 600_000)),
};

await actions[option("do") || "look"]?.();
process.exit();
