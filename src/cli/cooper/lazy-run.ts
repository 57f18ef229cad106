/** `cooper`; its code loads only when it is run. */
export async function runCooper(): Promise<void> {
  await (await import("./run-cooper.ts")).runCooper();
}
