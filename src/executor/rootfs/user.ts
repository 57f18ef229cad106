import { readFileSync, statSync } from "node:fs";
import { CooperError, pathInside } from "../../kit/index.ts";

/** Who a process runs as. `additionalGids` includes `gid`. */
export interface StepUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** A larger user database is not read, as upstream does. */
const maxUserFileBytes = 10 << 20;
const maxId = 2 ** 31 - 1;

/**
 * Looks up `user`, `uid`, `user:group`, … in the tree's /etc/passwd and /etc/group. A number is an id even when a user has that
 * name; ids need no entry. A user without explicit group gets the groups that list it. Throws `executor/no-user`.
 */
export function lookupUser(rootfs: string, spec: string): StepUser {
  const both = numericPair(spec);
  if (both !== undefined) return { ...both, additionalGids: [both.gid] };
  const [userPart = "", groupPart = ""] = (spec === "" ? "0" : spec).split(":");
  const entry = passwdEntry(rootfs, userPart);
  if (entry === undefined && !isNumber(userPart) && userPart !== "") {
    throw noUser(`unable to find user ${userPart}: no matching entries in passwd file`);
  }
  const uid = entry?.uid ?? (userPart === "" ? 0 : parseId(userPart));
  if (groupPart !== "") return withGroups(uid, explicitGroup(rootfs, groupPart), []);
  const groups = entry === undefined ? [] : groupEntries(rootfs).filter((group) => group.members.includes(entry.name));
  return withGroups(
    uid,
    entry?.gid ?? 0,
    groups.map((group) => group.gid),
  );
}

function withGroups(uid: number, gid: number, groups: readonly number[]): StepUser {
  return { uid, gid, additionalGids: groups.includes(gid) ? groups : [gid, ...groups] };
}

function numericPair(spec: string): { uid: number; gid: number } | undefined {
  const [user, group, more] = spec.split(":");
  if (user === undefined || group === undefined || more !== undefined) return undefined;
  const ids = [user, group].map((part) => (part === "root" ? 0 : isNumber(part) ? parseId(part) : undefined));
  const [uid, gid] = ids;
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function isNumber(text: string): boolean {
  return /^[+-]?[0-9]+$/.test(text);
}

function parseId(text: string): number {
  const id = Number(text);
  if (id < 0 || id > maxId) throw noUser("uids and gids must be in range 0-2147483647");
  return id;
}

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function passwdEntry(rootfs: string, user: string): PasswdEntry | undefined {
  if (user === "") return passwdEntries(rootfs).find((entry) => entry.uid === 0);
  const id = isNumber(user) ? parseId(user) : undefined;
  return passwdEntries(rootfs).find((entry) => (id === undefined ? entry.name === user : entry.uid === id));
}

function explicitGroup(rootfs: string, group: string): number {
  if (isNumber(group)) return parseId(group);
  const entry = groupEntries(rootfs).find((candidate) => candidate.name === group);
  if (entry === undefined) throw noUser(`unable to find group ${group}: no matching entries in group file`);
  return entry.gid;
}

/** Entries of the tree's /etc/passwd; none when there is no such regular file of a sane size. */
export function passwdEntries(rootfs: string): PasswdEntry[] {
  return userFileLines(rootfs, "/etc/passwd").map(([name = "", , uid, gid, , home = ""]) => ({
    name,
    uid: lenientId(uid),
    gid: lenientId(gid),
    home,
  }));
}

/** Entries of the tree's /etc/group, under the same conditions. */
export function groupEntries(rootfs: string): GroupEntry[] {
  return userFileLines(rootfs, "/etc/group").map(([name = "", , gid, members = ""]) => ({
    name,
    gid: lenientId(gid),
    members: members.split(","),
  }));
}

function userFileLines(rootfs: string, path: string): string[][] {
  const file = pathInside(rootfs, path);
  const stats = statIfThere(file);
  if (stats === undefined || !stats.isFile() || stats.size > maxUserFileBytes) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.map((line) => line.trim().split(":")).filter(([name]) => name !== "");
}

function statIfThere(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** A broken number counts as 0, as in moby's parser. */
function lenientId(text: string | undefined): number {
  const id = Number(text);
  return Number.isInteger(id) ? id : 0;
}

function noUser(message: string): CooperError {
  return new CooperError("executor/no-user", message);
}
