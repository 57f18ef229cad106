import { readFileSync } from "node:fs";
import { CooperError, messageOf } from "../../kit/index.ts";

/** A network configuration list (CNI specification, section 1): plugins that are called one after the other. */
export interface NetworkList {
  readonly name: string;
  readonly cniVersion: string;
  /** As they are in the file; `type` is the program. */
  readonly plugins: readonly PluginConfig[];
  /** CHECK is not to be called. */
  readonly disableCheck: boolean;
}
export interface PluginConfig {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A `.conflist`, or a file with a single plugin, which is a list of one. Throws `executor/no-cni`. */
export function readNetworkList(path: string): NetworkList {
  const bad = (why: string, cause?: unknown) =>
    new CooperError("executor/no-cni", `cannot use the CNI configuration ${JSON.stringify(path)}: ${why}`, { cause });
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw bad(messageOf(cause), cause);
  }
  if (!isRecord(document)) throw bad("it is no JSON object");
  const { name, cniVersion = "0.1.0", disableCheck, plugins = [document] } = document;
  if (typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) throw bad("it has no valid name");
  if (typeof cniVersion !== "string" || !/^\d+\.\d+\.\d+$/.test(cniVersion)) throw bad("cniVersion is no version");
  if (!Array.isArray(plugins) || plugins.length === 0) throw bad("it has no plugins");
  for (const plugin of plugins) if (!isPlugin(plugin)) throw bad("a plugin has no valid type");
  return { name, cniVersion, plugins, disableCheck: disableCheck === true || disableCheck === "true" };
}

/** Upstream's: a bridge with addresses of the subnet, whose members reach nobody else's and hide behind the machine's address. */
export function bridgeList(
  bridge: string,
  subnet: string,
  types: { readonly bridge: string; readonly ipam: string; readonly firewall: string },
): NetworkList {
  const ipam = { type: types.ipam, ranges: [[{ subnet }]] };
  // firewalld cannot be asked from a user namespace.
  const backend = process.env.ROOTLESSKIT_STATE_DIR ? "iptables" : "";
  return {
    name: "buildkit",
    cniVersion: "1.0.0",
    disableCheck: false,
    plugins: [
      { type: types.bridge, bridge, isDefaultGateway: true, ipMasq: true, ipam },
      { type: types.firewall, backend, ingressPolicy: "same-bridge" },
    ],
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Types are names of programs in the plugins' folders, never paths. */
function isPlugin(value: unknown): value is PluginConfig {
  return isRecord(value) && typeof value.type === "string" && /^[^/\0]+$/.test(value.type) && !/^\.+$/.test(value.type);
}
