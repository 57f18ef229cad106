import { CooperError, goQuote } from "../../../kit/index.ts";
import { type CommandReader, commandLine } from "./commands.ts";
import { readDevice } from "./devices.ts";
import { blame } from "./errors.ts";
import { readFlags } from "./flags.ts";
import type { RunInstruction } from "./instruction.ts";
import { choice } from "./messages.ts";
import { readMountFlag } from "./mounts.ts";

const networks: readonly RunInstruction["network"][] = ["default", "none", "host"];
const securities: readonly RunInstruction["security"][] = ["sandbox", "insecure"];

/** RUN. The checks run in upstream's order: flags, devices, mounts, network, security. */
export const readRun: CommandReader = (node, base) => {
  const flags = readFlags(node.flags, { device: "strings", mount: "strings", network: "string", security: "string" });
  const devices = flags.strings("device").map(readDevice);
  const mountFlags = flags.strings("mount").map(readMountFlag);
  const givenNetwork = flags.used.includes("network") ? flags.string("network") : "default";
  const network = networks.find((known) => known === givenNetwork);
  if (network === undefined) {
    throw new CooperError("dockerfile/invalid", `invalid network mode ${goQuote(givenNetwork)}`, {
      ...choice(givenNetwork, networks),
      ...blame(`--network=${givenNetwork}`, "--network"),
    });
  }
  const givenSecurity = flags.used.includes("security") ? flags.string("security") : "sandbox";
  const security = securities.find((known) => known === givenSecurity);
  if (security === undefined) {
    throw new CooperError("dockerfile/invalid", `security ${goQuote(givenSecurity)} is not valid`, {
      ...choice(givenSecurity, securities),
      ...blame(`--security=${givenSecurity}`, "--security"),
    });
  }
  const rest = { mountFlags, mounts: [], network, security, devices, flagsUsed: flags.used };
  return { ...base, kind: "run", ...commandLine(node), ...rest };
};
