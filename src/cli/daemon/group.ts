import { readFile } from "node:fs/promises";
import { CooperError } from "../../kit/index.ts";

/** The number of a group that is given by name or number. Throws `cli/bad-value`. */
export async function groupId(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const file = await readFile("/etc/group", "utf8").catch(() => "");
  for (const line of file.split("\n")) {
    const [name, , id] = line.split(":");
    if (name === group && id !== undefined) return Number(id);
  }
  throw new CooperError("cli/bad-value", `group ${group} not found`);
}
