import { spawnSync } from "node:child_process";
import { readOr } from "./process-rights.ts";

/** How an attempt ended: it worked, the kernel's reason, or that it could not be made. */
export type Attempt =
  | { readonly kind: "works" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** Which namespaces this process can make. Each is really tried, by `unshare` (util-linux). */
export interface NamespaceFacts {
  /** `user.max_user_namespaces`; 0 switches them off. Undefined: not told. */
  readonly limit: number | undefined;
  /** What distributions add: Debian's `unprivileged_userns_clone`, Ubuntu's AppArmor restriction. */
  readonly switchedOffBy: string | undefined;
  /** A mount namespace with this process's own rights, and a mount in it. */
  readonly mount: Attempt;
  /** A user namespace with one id. */
  readonly user: Attempt;
  /** A mount in such a user namespace. */
  readonly userMount: Attempt;
  /** A process list of its own there: a fresh /proc. */
  readonly userProc: Attempt;
}

/** Tries them: four short processes at once, some 10 ms. */
export function probeNamespaces(): NamespaceFacts {
  const limit = Number.parseInt(readOr("/proc/sys/user/max_user_namespaces"), 10);
  const mountSomething = "mount -t tmpfs none /proc/self/fdinfo 2>&1 || mount -t tmpfs none /tmp";
  const user = attempt(["--user", "--map-root-user", "true"]);
  const inUser = (...args: string[]) =>
    user.kind === "works" ? attempt(["--user", "--map-root-user", ...args]) : user;
  return {
    limit: Number.isNaN(limit) ? undefined : limit,
    switchedOffBy: switchedOffBy(),
    mount: attempt(["--mount", "sh", "-c", mountSomething]),
    user,
    userMount: inUser("--mount", "sh", "-c", mountSomething),
    userProc: inUser("--mount", "--pid", "--fork", "sh", "-c", "mount -t proc none /proc"),
  };
}

function switchedOffBy(): string | undefined {
  if (readOr("/proc/sys/kernel/unprivileged_userns_clone", "1").trim() === "0") {
    return "kernel.unprivileged_userns_clone=0";
  }
  const restricted = readOr("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0").trim() === "1";
  return restricted ? "kernel.apparmor_restrict_unprivileged_userns=1" : undefined;
}

function attempt(args: readonly string[]): Attempt {
  const { status, error, stderr, stdout } = spawnSync("unshare", args, { encoding: "utf8", timeout: 10_000 });
  if (status === 0) return { kind: "works" };
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return { kind: "unknown", reason: "no program unshare (util-linux) to try it with" };
  }
  const lines = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n");
  return { kind: "refused", reason: lines.at(-1) || error?.message || `exit code ${status}` };
}
