import { readFileSync, writeFileSync } from "node:fs";
import { messageOf } from "../../kit/index.ts";
import { Capability, hasCapability, type ProcessRights } from "../../sys/index.ts";
import { troubleOf } from "./mount-trial.ts";

/** A way to give a new user namespace its ids. `map` says why it could not, or undefined. */
export interface IdMapping {
  readonly ids: "many" | "one";
  map(pid: number): Promise<string | undefined>;
}

/** The ways that may work for this process, best first: all its own ids, subordinate ids, its own id alone. */
export function idMappings(rights: ProcessRights): IdMapping[] {
  const may = hasCapability(rights, Capability.setuid) && hasCapability(rights, Capability.setgid);
  const many: IdMapping = { ids: "many", map: may ? mapOwnRange : (pid) => mapSubordinate(pid, rights) };
  return [many, { ids: "one", map: (pid) => mapOne(pid, rights) }];
}

/** Runtimes take a map of all ids for the machine's own namespace, and then want rights that there are not: so the last one is left out. */
const mostIds = 4_294_967_294;

/** With the capabilities to set ids: every id that this process has becomes itself. */
async function mapOwnRange(pid: number): Promise<string | undefined> {
  try {
    for (const kind of ["uid", "gid"]) {
      const ranges = readFileSync(`/proc/self/${kind}_map`, "latin1").trim().split("\n");
      const lines = ranges.map((line) => {
        const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
        return `${inside} ${inside} ${Math.min(count, mostIds)}\n`;
      });
      writeFileSync(`/proc/${pid}/${kind}_map`, lines.join(""));
    }
    return undefined;
  } catch (error) {
    return `cannot map ids: ${messageOf(error)}`;
  }
}

async function mapSubordinate(pid: number, { uid, gid }: ProcessRights): Promise<string | undefined> {
  const name = userName(uid);
  for (const [program, own, file] of [
    ["newuidmap", uid, "/etc/subuid"],
    ["newgidmap", gid, "/etc/subgid"],
  ] as const) {
    const ranges = subordinateRanges(read(file), [name, String(uid)]);
    if (ranges.length === 0) return `no subordinate ids for ${name ?? uid} in ${file}`;
    let next = 1;
    const words = ranges.flatMap(([start, count]) => {
      next += count;
      return [next - count, start, count];
    });
    const trouble = await troubleOf(program, [pid, 0, own, 1, ...words].map(String));
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

/** Lines `NAME:START:COUNT` (subuid(5)) of a user, who may stand there by name or number. */
export function subordinateRanges(text: string, names: readonly (string | undefined)[]): (readonly [number, number])[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", start, count] = line.trim().split(":");
    if (!names.includes(name)) return [];
    const range = [Number(start), Number(count)] as const;
    return range.every((number) => Number.isInteger(number) && number > 0) ? [range] : [];
  });
}

/** What everybody may do: one's own id becomes root. Groups must be given up for that. */
async function mapOne(pid: number, { uid, gid }: ProcessRights): Promise<string | undefined> {
  try {
    writeFileSync(`/proc/${pid}/setgroups`, "deny");
    writeFileSync(`/proc/${pid}/uid_map`, `0 ${uid} 1\n`);
    writeFileSync(`/proc/${pid}/gid_map`, `0 ${gid} 1\n`);
    return undefined;
  } catch (error) {
    return `cannot map ids: ${messageOf(error)}`;
  }
}

function userName(uid: number): string | undefined {
  const line = read("/etc/passwd")
    .split("\n")
    .find((one) => one.split(":")[2] === String(uid));
  return line?.split(":")[0];
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
