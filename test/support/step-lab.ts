import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundled } from "./bundle.ts";

export interface StepRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project with a pipeline, a storage root and the command `cooper step`. */
export class StepLab {
  readonly folder = mkdtempSync(join(tmpdir(), "cooper-step-"));
  readonly project = join(this.folder, "project");
  readonly root = join(this.folder, "root");
  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.project);
    this.write(files);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.project, name)), { recursive: true });
      writeFileSync(join(this.project, name), text);
    }
  }

  read(name: string): string {
    return readFileSync(join(this.project, name), "utf8");
  }

  /** Makes the project a repository with everything in it committed. */
  commit(): void {
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", this.project, "-c", "user.name=Ann", "-c", "user.email=ann@example.org", ...args]);
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-qm", "all of it");
  }

  start(pipeline: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ChildProcess {
    writeFileSync(join(this.folder, "pipeline.yml"), pipeline);
    const words = [bundled("cooper"), "step", "run", join(this.folder, "pipeline.yml"), "--root", this.root, ...args];
    return spawn(process.execPath, words, {
      cwd: this.project,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  run(pipeline: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<StepRun> {
    return ended(this.start(pipeline, args, env));
  }

  /** Mounts and processes that refer to this lab: none may be left when nothing runs. */
  leftovers(): string[] {
    const mounts = readFileSync("/proc/self/mountinfo").toString().split("\n");
    const processes = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
    return [...mounts, ...processes.filter((line) => !line.includes("ps -eo"))].filter((line) =>
      line.includes(this.folder),
    );
  }

  [Symbol.dispose](): void {
    for (const line of readFileSync("/proc/self/mountinfo").toString().split("\n").reverse()) {
      const target = line.split(" ")[4];
      if (target?.startsWith(this.folder)) execFileSync("umount", ["-l", target]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a child printed, and its exit code. */
export function ended(child: ChildProcess): Promise<StepRun> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) =>
    child.once("close", (code, signal) => resolve({ code: code ?? (signal === null ? -1 : -2), stdout, stderr })),
  );
}
