import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";

/** `[dns]` of buildkitd.toml: each list that is not empty replaces what the machine's resolv.conf says. */
export interface DnsOptions {
  readonly nameservers: readonly string[];
  readonly options: readonly string[];
  readonly searchDomains: readonly string[];
}

interface ResolvConf {
  nameservers: readonly string[];
  search: readonly string[];
  options: readonly string[];
  readonly other: readonly string[];
}

/** Used when no name server is left, as upstream does. */
const fallbackNameservers = ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"];

/**
 * A step's /etc/resolv.conf, from the machine's. With the host's network the local addresses stay usable; otherwise
 * they are dropped, unless the options name them.
 */
export function resolvConfFor(machine: string, dns: DnsOptions | undefined, hostNetwork: boolean): string {
  const parsed = parseResolvConf(machine);
  if (dns?.nameservers.length) parsed.nameservers = dns.nameservers;
  if (dns?.searchDomains.length) parsed.search = dns.searchDomains.filter((domain) => domain !== ".");
  if (dns?.options.length) parsed.options = dns.options;
  if (!dns?.nameservers.length) {
    if (!hostNetwork) parsed.nameservers = parsed.nameservers.filter((address) => !isLoopback(address));
    if (parsed.nameservers.length === 0) parsed.nameservers = fallbackNameservers;
  }
  return formatResolvConf(parsed);
}

/** The machine's resolv.conf; where systemd-resolved answers on 127.0.0.53, that of systemd for steps with their own network. */
export function readMachineResolvConf(hostNetwork: boolean): string {
  const text = readIfThere("/etc/resolv.conf");
  const { nameservers } = parseResolvConf(text);
  const stub = nameservers.length === 1 && nameservers[0] === "127.0.0.53";
  return !hostNetwork && stub ? readIfThere("/run/systemd/resolve/resolv.conf") : text;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  let search: readonly string[] = [];
  const options: string[] = [];
  const other: string[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === undefined || word === "") continue;
    if (word === "nameserver") nameservers.push(...rest.slice(0, 1));
    else if (word === "search" || word === "domain") search = rest.length > 0 ? rest : search;
    else if (word === "options") options.push(...rest);
    else other.push(line);
  }
  return { nameservers, search, options, other };
}

function formatResolvConf(conf: ResolvConf): string {
  const lines = conf.nameservers.map((address) => `nameserver ${address}`);
  if (conf.search.length > 0) lines.push(`search ${conf.search.join(" ")}`);
  if (conf.options.length > 0) lines.push(`options ${conf.options.join(" ")}`);
  return [...lines, ...conf.other].map((line) => `${line}\n`).join("");
}

function isLoopback(address: string): boolean {
  return isIPv6(address) ? address === "::1" : address.startsWith("127.");
}

/** A step's /etc/hosts. */
export function hostsFileFor(hostname: string, extraHosts: readonly { host: string; ip: string }[]): string {
  const own = `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`;
  return own + extraHosts.map(({ host, ip }) => `${ip}\t${host}\n`).join("");
}
