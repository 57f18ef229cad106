import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Container, RunningProcess } from "../../executor/index.ts";
import { quietScope } from "../../kit/index.ts";
import type { ImageRoot, PodSurroundings } from "../contract.ts";
import { readPod } from "../read/read-pod.ts";
import { Sidecar } from "./sidecar.ts";

/** A process without output, and what ends it. */
function silent() {
  const exit = Promise.withResolvers<{ exitCode: number }>();
  const asked: string[] = [];
  const stdout = new PassThrough().end().resume();
  const signal = (name: string) => {
    asked.push(name);
    exit.resolve({ exitCode: 143 });
  };
  const process = { stdin: undefined, stdout, stderr: undefined, signal, resize() {}, exit: exit.promise };
  return { process: process as RunningProcess, end: () => exit.resolve({ exitCode: 1 }), asked };
}

test("a sidecar that is just being started again when its pod ends is stopped, too", async () => {
  const { pod } = readPod({
    initContainers: [{ name: "db", image: "i", command: ["x"], restartPolicy: "Always" }],
    containers: [{ name: "main", image: "i", command: ["x"] }],
  });
  const [first, second] = [silent(), silent()];
  const begun = Promise.withResolvers<void>();
  const started = Promise.withResolvers<RunningProcess>();
  let starts = 0;
  const start = () => {
    if (starts++ === 0) return Promise.resolve(first.process);
    begun.resolve();
    return started.promise;
  };
  const container = { start, [Symbol.asyncDispose]: async () => {} } as unknown as Container;
  const around = {
    ...{ executor: { open: async () => container }, name: "pod", network: "host", event: () => {}, output: () => {} },
    ...{ extraMounts: () => [], extraEnv: () => new Map(), seccompProfile: () => undefined },
  } as unknown as PodSurroundings;
  const config = { env: [], entrypoint: [], cmd: [], workingDir: "", user: "" };
  const image = { path: "/", mounts: [], config, [Symbol.asyncDispose]: async () => {} } as ImageRoot;
  const home = { pod, around, volumes: new Map(), graceSeconds: 60 };
  const [db] = pod.initContainers;
  if (db === undefined) throw new Error("no sidecar");

  const sidecar = await Sidecar.start(db, image, home, quietScope);
  first.end();
  await begun.promise;
  const stopped = sidecar.stop(60);
  started.resolve(second.process);
  await stopped;
  expect(second.asked).toEqual(["SIGTERM"]);
});
