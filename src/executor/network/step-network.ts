import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, lazy, messageOf } from "../../kit/index.ts";
import { listenInOwnNetwork, MountFlag, mount, umount } from "../../sys/index.ts";
import { type AttachResult, attach, check, detach, detachConfigs } from "./attach.ts";
import { type Attachment, pluginEnvironment, pluginPath } from "./call-plugin.ts";
import type { NetworkPlan } from "./settings.ts";
import { settleEach } from "./settle-each.ts";

/** A network of one step's own. Disposal gives back all that plugins reserved for it. */
export interface StepNetwork extends AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void>;
  /** The namespace's file. */
  readonly path: string;
  readonly dns: AttachResult["dns"];
  /** Throws when it is no longer as it was made. */
  check(): Promise<void>;
}

/** The namespace in a network's folder, and the script that does without this process what disposal does. */
export const namespaceFile = "namespace";
export const releaseScript = "release.sh";

/**
 * Makes a namespace in a folder of its own below `parent` and has the plugins furnish it. What they are to be told for its end is written down
 * first: a builder that dies leaves nothing that the watchdog does not know. Throws `executor/network-failed`.
 */
export async function makeStepNetwork(plan: NetworkPlan, parent: string, hostname: string): Promise<StepNetwork> {
  const containerId = `cooper${randomBytes(12).toString("hex")}`;
  const folder = join(parent, containerId);
  const path = join(folder, namespaceFile);
  const { list, pluginDirs } = plan;
  // As upstream tells plugins that give names to containers (dnsname).
  const args = /^[\w.-]+$/.test(hostname) ? `K8S_POD_NAME=${hostname};IgnoreUnknown=1` : "";
  const attachment: Attachment = { containerId, namespace: path, pluginDirs, args };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeRelease(folder, plan, attachment, undefined);
    await pinNamespace(path);
    const { raw, dns } = await attach(list, attachment);
    writeRelease(folder, plan, attachment, raw);
    const release = lazy(() =>
      settleEach([() => detach(list, attachment, raw), async () => removeFolder(folder)], (step) => step()),
    );
    return { path, dns, check: () => check(list, attachment, raw), [Symbol.asyncDispose]: release };
  } catch (error) {
    removeFolder(folder);
    throw new CooperError("executor/network-failed", `CNI setup error: ${messageOf(error)}`, { cause: error });
  }
}

/** A new namespace with its loopback up, held by a mount on `path`. */
async function pinNamespace(path: string): Promise<void> {
  const { namespace, socket } = await listenInOwnNetwork();
  try {
    closeSync(socket);
    writeFileSync(path, "");
    mount(`/proc/self/fd/${namespace}`, path, "", MountFlag.bind);
  } finally {
    closeSync(namespace);
  }
}

function removeFolder(folder: string): void {
  try {
    umount(join(folder, namespaceFile), { detach: true });
  } catch {
    // It was not mounted yet.
  }
  rmSync(folder, { recursive: true, force: true });
}

function writeRelease(
  folder: string,
  { list, pluginDirs }: NetworkPlan,
  attachment: Attachment,
  result: AttachResult["raw"],
): void {
  const { PATH: _, ...variables } = pluginEnvironment("DEL", attachment);
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  for (const [index, config] of detachConfigs(list, result).entries()) {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    lines.push(`${quoted(pluginPath(config.type, pluginDirs))} <${quoted(file)}`);
  }
  writeFileSync(join(folder, releaseScript), `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** A word of a shell script. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
