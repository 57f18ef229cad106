import { accessSync, constants, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { lgetxattr } from "../../sys/index.ts";
import { usualPath } from "../runtime/find.ts";
import { type ProcessRights, readOr } from "./process-rights.ts";

/** Ids that this user may give to processes in a user namespace of its own. */
export interface SubordinateIds {
  /** How many of them /etc/subuid and /etc/subgid name. */
  readonly uids: number;
  readonly gids: number;
  /** The programs that map them, and why they cannot do it here. */
  readonly mapper: "works" | "missing" | "no-right" | "not-needed";
}

/** Fewer, and images with ordinary users cannot be unpacked. */
export const enoughIds = 65_536;

/** Looks at two files and two programs. */
export function readSubordinateIds(rights: ProcessRights, searchPath = usualPath()): SubordinateIds {
  const names = [String(rights.uid), userName()];
  return {
    uids: countIds(readOr("/etc/subuid"), names),
    gids: countIds(readOr("/etc/subgid"), names),
    mapper: rights.capabilities.includes("CAP_SETUID") ? "not-needed" : mapperState(rights, searchPath),
  };
}

/** Ids that the lines `NAME:FIRST:COUNT` give to one of the names (subuid(5)). */
export function countIds(text: string, names: readonly (string | undefined)[]): number {
  return text
    .split("\n")
    .map((line) => line.trim().split(":"))
    .filter(([name]) => names.includes(name))
    .reduce((sum, [, , count]) => sum + (Number(count) || 0), 0);
}

/** A user without an entry in /etc/passwd has no name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/**
 * Set-user-id programs and those with file capabilities both do nothing when new privileges are forbidden, or when the capability is
 * not in the bounding set. A set-user-id one also needs CAP_SYS_ADMIN in the bounding set, by the kernel's rule for maps.
 */
function mapperState({ noNewPrivileges, bounding }: ProcessRights, searchPath: string): SubordinateIds["mapper"] {
  const programs = ["newuidmap", "newgidmap"].map((name) => find(name, searchPath));
  if (programs.includes(undefined)) return "missing";
  if (noNewPrivileges || !bounding.includes("CAP_SETUID") || !bounding.includes("CAP_SETGID")) return "no-right";
  const able = programs.every((path) => {
    if (path === undefined) return false;
    if (lgetxattr(path, "security.capability") !== undefined) return true;
    return (statSync(path).mode & 0o4000) !== 0 && bounding.includes("CAP_SYS_ADMIN");
  });
  return able ? "works" : "no-right";
}

/** The program's path, when it may be run. */
export function find(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(":")
    .map((folder) => join(folder || ".", name))
    .find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
