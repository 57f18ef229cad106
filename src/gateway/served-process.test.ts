import { PassThrough } from "node:stream";
import { setTimeout as later } from "node:timers/promises";
import { expect, test } from "vitest";
import { gateway } from "../grpc/index.ts";
import { decode, encode, type Init } from "../wire/index.ts";
import type { GatewayContainer, GatewayProcess } from "./contract.ts";
import { ServedProcess } from "./served-process.ts";

const init = decode(gateway.InitMessage, encode(gateway.InitMessage, { containerID: "c", fds: [1, 2] }));

/** Serves a process that has ended; what a client is told of it, when each message takes so long to leave. */
async function served(process: Partial<GatewayProcess>, delay = 0): Promise<string[]> {
  const told: string[] = [];
  const whole = { stdin: undefined, stderr: undefined, exit: Promise.resolve({ exitCode: 0 }), ...process };
  const container = { start: async () => whole } as unknown as GatewayContainer;
  const send = ({ input }: Init<gateway.ExecMessage>) => {
    if (input?.case === "file" && input.value.data !== undefined) told.push(`${input.value.data.byteLength} bytes`);
    else if (input !== undefined) told.push(input.case);
    return input?.case === "file" ? later(delay) : undefined;
  };
  await new ServedProcess("p", container, init, { send }).done;
  return told;
}

test("a client that takes its time gets all that a process has said", async () => {
  const stdout = new PassThrough();
  for (let piece = 0; piece < 3; piece++) stdout.write(Buffer.alloc(50_000));
  stdout.end();
  expect(await served({ stdout }, 700)).toEqual([
    "started",
    ...Array(3).fill("50000 bytes"),
    "exit",
    ...Array(2).fill("file"),
    "done",
  ]);
});

test("a process has ended although somebody whom it left behind holds its output open, or goes on talking", async () => {
  const silent = new PassThrough();
  silent.write("said before");
  expect(await served({ stdout: silent })).toEqual(["started", "11 bytes", "exit", "file", "file", "done"]);
  const talking = new PassThrough();
  const timer = setInterval(() => talking.write(Buffer.alloc(200_000)), 20);
  try {
    expect((await served({ stdout: talking })).slice(-4)).toEqual(["exit", "file", "file", "done"]);
  } finally {
    clearInterval(timer);
  }
});
