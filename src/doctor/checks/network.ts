import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { messageOf, type Scope } from "../../kit/index.ts";
import type { Check } from "../contract.ts";
import { hostOf } from "./host-of.ts";

/** Milliseconds that a name has to be found in. */
const patience = 5000;
const dockerHub = "registry-1.docker.io";

/** Whether names are found: the registry's, or Docker Hub's. */
export async function networkChecks(registry: string | undefined, scope: Scope): Promise<Check[]> {
  const name = registry === undefined ? dockerHub : hostOf(registry).replace(/:\d+$/, "");
  const servers = nameservers();
  const from = servers.length === 0 ? "no name server in /etc/resolv.conf" : `name server ${servers.join(", ")}`;
  if (isIP(name) !== 0) return [{ id: "dns", verdict: "ok", found: from }];
  try {
    const { address } = await inTime(lookup(name), scope);
    return [{ id: "dns", verdict: "ok", found: `${name} is ${address}; ${from}` }];
  } catch (error) {
    const found = `${name}: ${messageOf(error)}; ${from}`;
    return [
      {
        id: "dns",
        verdict: registry === undefined ? "note" : "warning",
        found,
        hint: "see dnsPolicy and dnsConfig of the pod",
      },
    ];
  }
}

function nameservers(): string[] {
  try {
    const text = readFileSync("/etc/resolv.conf", "utf8");
    return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
  } catch {
    return [];
  }
}

async function inTime<T>(work: Promise<T>, scope: Scope): Promise<T> {
  const signal = AbortSignal.any([scope.signal, AbortSignal.timeout(patience)]);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer in ${patience / 1000} s`)), { once: true });
  });
  return await Promise.race([work, late]);
}
