/** Runs this process as `buildkitd`, and sets its exit code. Loads the daemon only when that is what is asked for. */
export async function runBuildkitd(): Promise<void> {
  const { runDaemon } = await import("./main.ts");
  const { processIo } = await import("../io.ts");
  process.exitCode = await runDaemon(process.argv.slice(2), await processIo());
}
