import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CooperError, messageOf } from "../../kit/index.ts";
import { bridgeList, type NetworkList, readNetworkList } from "./network-list.ts";

/** What the options say about networks of steps. */
export interface NetworkOptions {
  /** A list of plugins (`.conflist`) or a single one. */
  readonly configPath: string;
  /** The plugins' folder; by default where CNI's own releases are, or the distribution's. */
  readonly binaryDir?: string;
  /** So many networks are kept ready. */
  readonly poolSize: number;
  readonly bridgeName: string;
  /** `10.10.0.0/16` */
  readonly bridgeSubnet: string;
}

/** How networks of steps are made. */
export interface NetworkPlan {
  readonly list: NetworkList;
  readonly pluginDirs: readonly string[];
  readonly poolSize: number;
  /** The bridge of the builder's own, which goes with it when it was not there before. */
  readonly bridge?: string;
}

const defaultNetworkOptions: NetworkOptions = {
  configPath: "/etc/buildkit/cni.json",
  poolSize: 0,
  bridgeName: "buildkit0",
  bridgeSubnet: "10.10.0.0/16",
};

/** What the steps' network mode `sandbox` is. `auto` is CNI where it is configured, as upstream's. Throws `executor/bad-network-mode`. */
export function networkKind(mode: string, { configPath } = defaultNetworkOptions): "cni" | "bridge" | "host" | "none" {
  if (mode === "auto" || mode === "") return existsSync(configPath) ? "cni" : "host";
  if (mode === "cni" || mode === "bridge" || mode === "host" || mode === "none") return mode;
  throw new CooperError("executor/bad-network-mode", `invalid network mode: ${JSON.stringify(mode)}`, {
    hint: 'wanted "auto", "cni", "bridge", "host" or "none"',
  });
}

/** How networks are made; undefined: steps have the machine's, or none. Looks whether all is there. Throws `executor/bad-network-mode`, `executor/no-cni`. */
export function planNetworks(mode: string, options = defaultNetworkOptions): NetworkPlan | undefined {
  const kind = networkKind(mode, options);
  const { poolSize, configPath } = options;
  if (kind === "bridge") return { ...bridgePlan(options), poolSize };
  if (kind !== "cni") return undefined;
  mustBeThere(configPath, `failed to read cni config ${JSON.stringify(configPath)}`);
  const binaryDir = pluginDir(options);
  mustBeThere(binaryDir, `failed to read cni binary dir ${JSON.stringify(binaryDir)}`);
  return { list: readNetworkList(configPath), pluginDirs: [binaryDir], poolSize };
}

/** Upstream's: plugins of its own in the PATH, when all of them are there, else those of the folder. */
function bridgePlan(options: NetworkOptions): Omit<NetworkPlan, "poolSize"> {
  const { bridgeName: bridge, bridgeSubnet: subnet } = options;
  const own = ["bridge", "host-local", "firewall"].map((name) => inPath(`buildkit-cni-${name}`));
  const [bridgePath, ipamPath, firewallPath] = own;
  if (bridgePath !== undefined && ipamPath !== undefined && firewallPath !== undefined) {
    const types = { bridge: basename(bridgePath), ipam: basename(ipamPath), firewall: basename(firewallPath) };
    const pluginDirs = [...new Set([bridgePath, ipamPath, firewallPath].map((path) => dirname(path)))];
    return { list: bridgeList(bridge, subnet, types), pluginDirs, bridge };
  }
  const binaryDir = pluginDir(options);
  const path = join(binaryDir, "bridge");
  mustBeThere(path, `failed to find CNI bridge ${JSON.stringify(path)} or buildkit-cni-bridge`);
  const types = { bridge: "bridge", ipam: "host-local", firewall: "firewall" };
  return { list: bridgeList(bridge, subnet, types), pluginDirs: [binaryDir], bridge };
}

/** Where CNI's releases are unpacked, and where Debian and Fedora have theirs. */
const usualDirs = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

function pluginDir({ binaryDir }: NetworkOptions): string {
  return binaryDir ?? usualDirs.find((dir) => existsSync(dir)) ?? "/opt/cni/bin";
}

function inPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function mustBeThere(path: string, sentence: string): void {
  try {
    statSync(path);
  } catch (cause) {
    const reason = /ENOENT/.test(messageOf(cause)) ? "no such file or directory" : messageOf(cause);
    throw new CooperError("executor/no-cni", `${sentence}: stat ${path}: ${reason}`, {
      cause,
      hint: "CNI's plugins are Debian's package containernetworking-plugins; --oci-cni-binary-dir says where they are, --oci-worker-net=host does without",
    });
  }
}
