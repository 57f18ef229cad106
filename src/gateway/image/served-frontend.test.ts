import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import type { GatewayBridge, GatewayProcess } from "../contract.ts";
import { ServedFrontend } from "./served-frontend.ts";

/** A frontend that has ended, and whose words come after that. */
function ended(exitCode: number, words: string): GatewayProcess {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  setTimeout(() => {
    stdout.end();
    stderr.end(words);
  }, 50);
  return { stdin, stdout, stderr, signal() {}, resize() {}, exit: Promise.resolve({ exitCode }) };
}
const serve = (process: GatewayProcess) => new ServedFrontend({} as GatewayBridge, {}, quietScope).serve(process);

test("what a frontend says last is told with its failure, though the news of its end comes first", async () => {
  await expect(serve(ended(7, "something is wrong\n"))).rejects.toMatchObject({
    message: "exit code: 7",
    hint: "the frontend said: something is wrong",
  });
  await expect(serve(ended(0, "nothing to do\n"))).rejects.toMatchObject({
    message: "no result for incomplete build",
    hint: "the frontend said: nothing to do",
  });
});
