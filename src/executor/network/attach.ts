import { isIP } from "node:net";
import { type Attachment, callPlugin } from "./call-plugin.ts";
import { isRecord, type NetworkList, type PluginConfig } from "./network-list.ts";
import { settleEach } from "./settle-each.ts";

/** What the plugins made of a namespace: their last answer as it came, and what is heeded of it. */
export interface AttachResult {
  readonly raw: Record<string, unknown> | undefined;
  readonly dns: {
    readonly nameservers: readonly string[];
    readonly searchDomains: readonly string[];
    readonly options: readonly string[];
  };
}

/** ADD, plugin by plugin, each with what the one before said. What a failure left is taken away again. Throws `executor/network-failed`, `executor/no-cni`. */
export async function attach(list: NetworkList, attachment: Attachment): Promise<AttachResult> {
  let result: Record<string, unknown> | undefined;
  try {
    for (const plugin of list.plugins) {
      result = await callPlugin("ADD", configOf(list, plugin, result), attachment);
    }
  } catch (error) {
    await detach(list, attachment, undefined).catch(() => {});
    throw error;
  }
  return { raw: result, dns: dnsOf(result) };
}

/** CHECK: throws `executor/network-failed` when it is no longer as ADD left it. Lists that know nothing of that are always well. */
export async function check(list: NetworkList, attachment: Attachment, result: AttachResult["raw"]): Promise<void> {
  if (list.disableCheck || !remembers(list)) return;
  for (const plugin of list.plugins) await callPlugin("CHECK", configOf(list, plugin, result), attachment);
}

/** DEL, in reverse; all are called, whatever the others say. May be called twice. Throws the first failure. */
export function detach(list: NetworkList, attachment: Attachment, result: AttachResult["raw"]): Promise<void> {
  return settleEach(detachConfigs(list, result), async (config) => {
    await callPlugin("DEL", config, attachment);
  });
}

/** What each plugin is told for DEL, in that order. */
export function detachConfigs(list: NetworkList, result: AttachResult["raw"]): readonly PluginConfig[] {
  return list.plugins.map((plugin) => configOf(list, plugin, remembers(list) ? result : undefined)).reverse();
}

/** What of the configuration a plugin needs at run time (section 3, "Deriving execution configuration"). */
function configOf({ name, cniVersion }: NetworkList, plugin: PluginConfig, before: AttachResult["raw"]): PluginConfig {
  const { capabilities: _, ...own } = plugin;
  return { ...own, type: plugin.type, name, cniVersion, ...(before && { prevResult: before }) };
}

/** Since 0.4.0 plugins are told what ADD said. */
function remembers({ cniVersion }: NetworkList): boolean {
  const [major = 0, minor = 0] = cniVersion.split(".").map(Number);
  return major > 0 || minor >= 4;
}

function dnsOf(result: AttachResult["raw"]): AttachResult["dns"] {
  const dns = isRecord(result?.dns) ? result.dns : {};
  const words = (value: unknown) =>
    Array.isArray(value) ? value.filter((word): word is string => typeof word === "string" && /^\S+$/.test(word)) : [];
  return {
    nameservers: words(dns.nameservers).filter((address) => isIP(address) !== 0),
    searchDomains: [...words(dns.search)],
    options: words(dns.options),
  };
}
