import { type Attempt, idCount, inFirstUserNamespace, type ProbedFacts } from "../../executor/index.ts";
import type { Check } from "../contract.ts";

/** What this process and this machine are, for whoever reads a report from elsewhere. */
export function processChecks(facts: ProbedFacts): Check[] {
  return [
    { id: "kernel", verdict: "ok", found: `Linux ${facts.machine.kernel} on ${facts.machine.arch}` },
    userCheck(facts),
    capabilityCheck(facts),
    filterCheck(facts),
    namespaceCheck(facts),
    subordinateCheck(facts),
    runtimeCheck(facts),
    cgroupCheck(facts),
    overlayCheck(facts),
    procCheck(facts),
  ];
}

function userCheck({ rights }: ProbedFacts): Check {
  const inside = inFirstUserNamespace(rights) ? "" : `, in a user namespace with ${count(idCount(rights), "id")}`;
  return { id: "user", verdict: "ok", found: `uid ${rights.uid}, gid ${rights.gid}${inside}` };
}

/** A container has 14; whoever has more than these has nearly all. */
const many = 16;

function capabilityCheck({ rights }: ProbedFacts): Check {
  const { capabilities, noNewPrivileges } = rights;
  const names = capabilities.map((name) => name.slice("CAP_".length).toLowerCase()).join(", ");
  const all =
    capabilities.length > many ? `, sys_admin ${capabilities.includes("CAP_SYS_ADMIN") ? "too" : "not"}` : `: ${names}`;
  const held = capabilities.length === 0 ? "no capability" : count(capabilities.length, "capability") + all;
  return { id: "capabilities", verdict: "ok", found: held + (noNewPrivileges ? "; no new privileges" : "") };
}

function filterCheck({ rights }: ProbedFacts): Check {
  const filter = rights.seccomp === "off" ? "no seccomp filter" : `seccomp: ${rights.seccomp}`;
  const module = rights.confinedBy === undefined ? "" : `, confined by ${JSON.stringify(rights.confinedBy)}`;
  return { id: "confinement", verdict: "ok", found: filter + module };
}

function namespaceCheck({ namespaces }: ProbedFacts): Check {
  const told = (what: string, attempt: Attempt) =>
    `${what} ${attempt.kind === "works" ? "yes" : `no (${attempt.reason})`}`;
  const { mount, user, userMount, userProc } = namespaces;
  const parts = [told("mount", mount), told("user", user)];
  if (user.kind === "works")
    parts.push(told("mount in a user namespace", userMount), told("new /proc there", userProc));
  return {
    id: "namespaces",
    verdict: user.kind === "works" || mount.kind === "works" ? "ok" : "note",
    found: parts.join("; "),
  };
}

function subordinateCheck({ ids }: ProbedFacts): Check {
  const found = `${ids.uids} subordinate uids, ${ids.gids} gids; newuidmap ${ids.mapper}`;
  return { id: "subordinate-ids", verdict: "ok", found };
}

function runtimeCheck({ machine }: ProbedFacts): Check {
  if (machine.runtimes.length > 0) return { id: "runtime", verdict: "ok", found: machine.runtimes.join(", ") };
  return { id: "runtime", verdict: "warning", found: "neither runc nor crun", hint: "on Debian: apt-get install runc" };
}

function cgroupCheck({ machine }: ProbedFacts): Check {
  const { version, writable, controllers } = machine.cgroup;
  const found = `${version}, ${writable ? "writable" : "read-only"}; ${controllers.join(", ") || "no controllers"}`;
  if (writable) return { id: "cgroup", verdict: "ok", found };
  return {
    id: "cgroup",
    verdict: "note",
    found,
    hint: "steps cannot be limited one by one; the pod's own limits hold",
  };
}

function overlayCheck({ machine }: ProbedFacts): Check {
  const { device, program } = machine.fuse;
  const fuse = `/dev/fuse ${device ? "yes" : "no"}, ${program ?? "no fuse-overlayfs"}`;
  return { id: "overlay", verdict: "ok", found: `overlayfs in the kernel ${machine.overlay ? "yes" : "no"}; ${fuse}` };
}

function procCheck({ machine }: ProbedFacts): Check {
  const masks = machine.procMasks.length;
  return { id: "proc", verdict: "ok", found: masks === 0 ? "not masked" : `masked in ${masks} places` };
}

const count = (number: number, what: string): string =>
  `${number} ${number === 1 ? what : what.replace(/y$/, "ie").concat("s")}`;
