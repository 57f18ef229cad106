import { join } from "node:path";
import type { EngineOptions } from "../../client/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { type Config, read } from "./toml.ts";

/** What flags and `[worker.oci]` say about networks of steps; what they leave out is upstream's. */
export function networkOptions(
  flags: FlagValues,
  oci: Config,
  env: NodeJS.ProcessEnv,
  uid: number,
): Required<Pick<EngineOptions, "networkMode" | "networks">> {
  const given = (flag: string, key: string) =>
    (flags.isSet(flag) ? flags.string(flag) : undefined) || read.string(oci, key) || undefined;
  const mode = given("oci-worker-net", "networkMode") ?? "auto";
  const binaryDir = given("oci-cni-binary-dir", "cniBinaryPath");
  return {
    networkMode: mode === "auto" && isTrue(env.BUILDKIT_NETWORK_BRIDGE_AUTO) ? "bridge" : mode,
    networks: {
      configPath: given("oci-cni-config-path", "cniConfigPath") ?? defaultConfig(env, uid),
      ...(binaryDir !== undefined && { binaryDir }),
      poolSize: flags.isSet("oci-cni-pool-size")
        ? flags.int("oci-cni-pool-size")
        : (read.number(oci, "cniPoolSize") ?? 0),
      bridgeName: read.string(oci, "bridgeName") || "buildkit0",
      bridgeSubnet: read.string(oci, "bridgeSubnet") || "10.10.0.0/16",
    },
  };
}

/** Go's `ParseBool`. */
function isTrue(text: string | undefined): boolean {
  return ["1", "t", "T", "TRUE", "true", "True"].includes(text ?? "");
}

function defaultConfig({ XDG_CONFIG_HOME: config, HOME: home }: NodeJS.ProcessEnv, uid: number): string {
  if (uid === 0) return "/etc/buildkit/cni.json";
  return config ? join(config, "buildkit/cni.json") : join(home || "/", ".config/buildkit/cni.json");
}
