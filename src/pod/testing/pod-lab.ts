import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createExecutor } from "../../executor/index.ts";
import { quietScope, type Scope } from "../../kit/index.ts";
import type { PodResult, PodSurroundings } from "../contract.ts";
import { readPod } from "../read/read-pod.ts";
import { runPod } from "../run/run-pod.ts";
import { busyboxImages } from "./busybox-images.ts";

/** What a pod did. */
export interface Ran extends PodResult {
  /** `container: line`, in the order of the output. */
  readonly log: string;
  readonly events: readonly string[];
}

/** A folder with everything that a pod needs, and a real executor. */
export interface Lab extends AsyncDisposable {
  readonly folder: string;
  /** Names and policies of the images that were opened. */
  readonly opened: readonly string[];
  /** Runs a PodSpec. Throws when it has errors. */
  run(spec: unknown, more?: Partial<PodSurroundings>, scope?: Scope): Promise<Ran>;
}

export async function podLab(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-pod-"));
  const executor = await createExecutor(
    { stateDir: join(folder, "state"), binary: "", networkMode: "auto" },
    quietScope,
  );
  const opened: string[] = [];
  let pods = 0;
  return {
    folder,
    opened,
    async run(spec, more = {}, scope = quietScope) {
      const { pod, problems } = readPod(spec);
      const errors = problems.filter(({ severity }) => severity === "error");
      if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
      const own = join(folder, `pod-${pods++}`);
      mkdirSync(own);
      let log = "";
      const events: string[] = [];
      const around: PodSurroundings = {
        executor,
        images: busyboxImages(own, opened),
        folder: own,
        name: "my-pod",
        namespace: "default",
        uid: "u-1",
        labels: { app: "x" },
        annotations: {},
        objectData: () => undefined,
        claimFolder: async (claim) => {
          mkdirSync(join(folder, claim), { recursive: true });
          return join(folder, claim);
        },
        keptFolder: async () => undefined,
        seccompProfile: () => undefined,
        extraMounts: () => [],
        extraEnv: () => new Map(),
        network: "host",
        output: (container, _, chunk) => {
          log += Buffer.from(chunk)
            .toString()
            .replaceAll(/^(?=.)/gm, `${container}: `);
        },
        event: (event) => events.push(event.kind === "warning" ? event.text : `${event.kind} ${event.container}`),
        ...more,
      };
      try {
        return { ...(await runPod(pod, around, scope)), log, events };
      } finally {
        unmountBelow(own);
      }
    },
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]();
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function unmountBelow(folder: string): void {
  const points = readFileSync("/proc/self/mountinfo")
    .toString()
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  for (const point of points.filter((one) => one.startsWith(`${folder}/`)).reverse())
    execFileSync("umount", ["-l", point]);
}
