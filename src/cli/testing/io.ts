import type { Io } from "../io.ts";

/** What a command printed. */
export interface Recorded {
  stdout: string;
  stderr: string;
}

/** A process around a command, without the process. */
export function recordingIo(
  options: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly stdin?: Uint8Array;
    readonly stdoutIsTerminal?: boolean;
  } = {},
): { readonly io: Io; readonly recorded: Recorded } {
  const recorded: Recorded = { stdout: "", stderr: "" };
  const stdoutIsTerminal = () => options.stdoutIsTerminal ?? false;
  const io: Io = {
    around: { cwd: options.cwd ?? "/", env: { HOME: "/nonexistent", ...options.env }, stdoutIsTerminal },
    stderr: (text) => {
      recorded.stderr += text;
    },
    stdout: (text) => {
      recorded.stdout += text;
    },
    stdoutStream: () => ({
      write(chunk, done) {
        recorded.stdout += Buffer.from(chunk).toString("utf8");
        done();
        return true;
      },
    }),
    view: {
      write: (text) => {
        recorded.stderr += Buffer.from(text, "latin1").toString("utf8");
      },
      size: undefined,
    },
    readStdin: async () => options.stdin,
  };
  return { io, recorded };
}
