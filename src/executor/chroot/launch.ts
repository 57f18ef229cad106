/**
 * A process that becomes a step: started by the chroot executor, a new Node each time, because a process cannot take back what it gives
 * up here. Argument: the file with the order (`order.ts`). A failure goes to descriptor 3.
 */
import { accessSync, closeSync, constants, fchownSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { posix } from "node:path";
import {
  becomeUser,
  CloneFlag,
  chroot,
  dropBoundingCapability,
  execute,
  loopbackUp,
  makeControlling,
  SysError,
  setCpus,
  setns,
  setResourceLimit,
  unshare,
} from "../../sys/index.ts";
import { begun, type LaunchFailure, type LaunchOrder, resourceNumbers } from "./order.ts";

/** As in linux/capability.h; more than any kernel has is harmless. */
const capabilityCount = 64;

function launch(order: LaunchOrder): void {
  let phase = "prepare the process";
  try {
    process.umask(0o022);
    for (const [resource, soft, hard] of order.limits) {
      phase = resource === resourceNumbers.locks ? "mark the process" : "set a resource limit";
      setResourceLimit(resource, BigInt(soft), BigInt(hard));
    }
    phase = "keep to some processors";
    if (order.cpus !== undefined) setCpus(order.cpus);
    phase = "change the network";
    changeNetwork(order.network);
    phase = "take the terminal";
    if (order.terminal) takeTerminal(order.uid);
    phase = "drop capabilities";
    if (order.capabilities !== undefined) keepCapabilities(order.capabilities);
    phase = "chroot";
    chroot(order.root);
    process.chdir("/");
    phase = "become the step's user";
    becomeUser(order.uid, order.gid, order.groups);
    phase = "exec";
    enter(order);
  } catch (error) {
    const stepsFault = error instanceof StepsFault;
    const doing = stepsFault ? "unable to start container process" : phase;
    fail({ message: `${doing}: ${messageOf(error)}`, stepsFault });
  }
}

function changeNetwork(network: LaunchOrder["network"]): void {
  if (network?.kind === "join") {
    const file = openSync(network.file, "r");
    setns(file, CloneFlag.network);
    closeSync(file);
    return;
  }
  if (network?.kind === "leave") unshare(CloneFlag.network);
  if (network !== undefined) loopbackUp();
}

function takeTerminal(uid: number): void {
  makeControlling(0);
  try {
    fchownSync(0, uid, -1);
  } catch {
    // Whoever it belongs to, it is open; only its name could not be opened.
  }
}

function messageOf(error: unknown): string {
  if (error instanceof SysError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

function keepCapabilities(kept: readonly number[]): void {
  for (let number = 0; number < capabilityCount; number++) {
    if (kept.includes(number)) continue;
    try {
      dropBoundingCapability(number);
    } catch (error) {
      // EINVAL: the kernel has no such capability. EPERM: without CAP_SETPCAP; what it has it keeps.
      if (!(error instanceof SysError && ["EINVAL", "EPERM"].includes(error.code))) throw error;
    }
  }
}

/** The step's own mistake, in the words of runc, which people know. */
class StepsFault extends Error {}

function enter(order: LaunchOrder): never {
  const cwd = posix.join("/", order.cwd);
  try {
    process.chdir(cwd);
  } catch (error) {
    throw new StepsFault(`chdir to cwd (${JSON.stringify(cwd)}) set in config.json failed: ${reason(error)}`);
  }
  const [name = ""] = order.args;
  const path = findProgram(name, order.env);
  writeSync(3, begun);
  try {
    execute(path, order.args, order.env);
  } catch (error) {
    throw notFound(name, reason(error));
  }
}

function notFound(name: string, why: string): StepsFault {
  return new StepsFault(`exec: ${JSON.stringify(name)}: ${why}`);
}

function findProgram(name: string, env: readonly string[]): string {
  if (name.includes("/")) {
    const why = notExecutable(name);
    if (why !== undefined) throw notFound(name, `stat ${name}: ${why}`);
    return name;
  }
  // The last one counts, as it does for what reads its environment.
  const path = env.findLast((entry) => entry.startsWith("PATH="))?.slice(5) ?? "";
  const found = path
    .split(":")
    .map((folder) => `${folder === "" ? "." : folder}/${name}`)
    .find((candidate) => notExecutable(candidate) === undefined);
  if (found === undefined) throw notFound(name, "executable file not found in $PATH");
  return found;
}

function notExecutable(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "is a directory";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/** The system's words: `no such file or directory`. */
function reason(error: unknown): string {
  const text = messageOf(error);
  return /^[A-Z0-9]+: ([^,]*)/.exec(text)?.[1] ?? text;
}

function fail(failure: LaunchFailure): void {
  writeSync(3, JSON.stringify(failure));
  process.exitCode = 125;
}

launch(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LaunchOrder);
