/**
 * Asks at the terminal, a line for each question; lines that were typed ahead are answers to the next ones. The terminal edits lines itself, and
 * Ctrl-C stays a signal. Resolves with undefined at the end of the input, or of `signal`. Nothing is read before the first question.
 */
export function terminalAsker(): (question: string, signal: AbortSignal) => Promise<string | undefined> {
  const typed: string[] = [];
  let terminal: import("node:readline").Interface | undefined;
  let ended = false;
  let onChange = () => {};
  const open = async () => {
    const { createInterface } = await import("node:readline");
    const opened = createInterface({ input: process.stdin, terminal: false });
    opened.on("line", (line) => {
      typed.push(line);
      onChange();
    });
    opened.once("close", () => {
      ended = true;
      onChange();
    });
    return opened;
  };
  return async (question, signal) => {
    process.stderr.write(question);
    terminal ??= await open();
    terminal.resume();
    const stop = () => onChange();
    signal.addEventListener("abort", stop);
    try {
      while (typed.length === 0 && !ended && !signal.aborted) {
        await new Promise<void>((resolve) => {
          onChange = resolve;
        });
      }
      return signal.aborted ? undefined : typed.shift();
    } finally {
      signal.removeEventListener("abort", stop);
      // A terminal that is read holds the process.
      if (!ended) terminal.pause();
    }
  };
}
