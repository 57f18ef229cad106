export const buildctl = {};
export async function runCommand(_a: unknown, _b: { daemonless: boolean }): Promise<void> {
  console.log("hi");
}
