import type { RegistryOptions } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { parseGoBool } from "../args/values.ts";
import { csvPairs } from "./attributes.ts";

type Tls = Pick<RegistryOptions, "insecure" | "ca" | "keyPairs">;

/** Reads `--registry-auth-tlscontext host=…,ca=…,cert=…,key=…,insecure=…`. TLS settings by host, several for one host added up. */
export function parseRegistryAuthTls(words: readonly string[]): Record<string, Tls> {
  const byHost: Record<string, Tls> = {};
  for (const word of words) {
    const entry = Object.fromEntries(csvPairs(word));
    check(entry);
    const host = (entry.host ?? "").replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
    const old = byHost[host] ?? {};
    const pair = entry.cert && entry.key ? [{ key: entry.key, cert: entry.cert }] : [];
    byHost[host] = {
      ...(old.insecure || parseGoBool(entry.insecure ?? "") ? { insecure: true } : {}),
      ca: [...(old.ca ?? []), ...(entry.ca ? [entry.ca] : [])],
      keyPairs: [...(old.keyPairs ?? []), ...pair],
    };
  }
  return byHost;
}

function check(entry: Record<string, string>): void {
  const bad = (sentence: string) => new CooperError("cli/bad-value", `--registry-auth-tlscontext requires ${sentence}`);
  if (!entry.host) throw bad("host=<host>");
  if (!entry.ca && !parseGoBool(entry.insecure ?? "") && !(entry.cert && entry.key)) {
    throw bad("ca=<ca> or cert=<cert>,key=<key> or insecure=true");
  }
  if (entry.ca && !entry.cert !== !entry.key) throw bad("cert=<cert>,key=<key>");
}
