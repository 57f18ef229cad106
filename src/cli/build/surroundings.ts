/** What a command sees of the process around it; a test gives its own. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal: () => boolean;
}
