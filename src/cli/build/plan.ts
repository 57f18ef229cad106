import { randomBytes } from "node:crypto";
import type { BuildRequest, LocalSessionOptions, RegistryOptions } from "../../client/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { cacheFolders, parseCacheExports, parseCacheImports } from "./cache.ts";
import { type CallFormat, subrequestOf } from "./call.ts";
import { checkEntitlements } from "./entitlements.ts";
import { parseFrontendOptions } from "./frontend-options.ts";
import { parseLocals, parseOciLayouts } from "./locals.ts";
import { parseOutputs } from "./outputs.ts";
import { parseRegistryAuthTls } from "./registry-auth.ts";
import { parseSecrets } from "./secrets.ts";
import { readSourcePolicy } from "./source-policy.ts";
import { parseSsh } from "./ssh.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a `build` command line asks for, checked; nothing is started yet. */
export interface BuildPlan {
  /** Without a frontend the definition is still to be read from standard input. */
  readonly request: BuildRequest;
  readonly session: Omit<LocalSessionOptions, "stdout" | "warn">;
  readonly registryTls: Readonly<Record<string, RegistryOptions>>;
  readonly progress: string;
  /** Set when the frontend is asked a question instead of for an image. */
  readonly call: CallFormat | undefined;
  readonly metadataFile: string;
  readonly refFile: string;
  readonly trace: string;
  readonly cacheMetrics: string;
  /** Facts that a user may not expect, one sentence each. */
  readonly notes: readonly string[];
}

/** Reads the flags of `build`, in upstream's order, so that of several mistakes the same one is told. Throws `cli/…`. */
export function planBuild(values: FlagValues, around: Surroundings, warn: (sentence: string) => void): BuildPlan {
  const registryTls = parseRegistryAuthTls(values.strings("registry-auth-tlscontext"));
  const ssh = parseSsh(values.strings("ssh"));
  const secrets = parseSecrets(values.strings("secret"));
  const entitlements = checkEntitlements(values.strings("allow"));
  const outputs = parseOutputs(values.strings("output"), around);
  const cacheExports = parseCacheExports(values.strings("export-cache"), around.env, warn);
  const cacheImports = parseCacheImports(values.strings("import-cache"), around, warn);
  const sourcePolicy = readSourcePolicy(values.string("source-policy-file"), around.env, around.cwd);
  const frontend = values.string("frontend");
  const asked = subrequestOf(parseFrontendOptions(values.strings("opt"), around.env));
  const noCache = values.bool("no-cache");
  const locals = parseLocals(values.strings("local"), around.cwd);
  const ociLayouts = parseOciLayouts(values.strings("oci-layout"), around.cwd);
  const ref = newId();
  return {
    request: {
      ref,
      frontend,
      frontendOptions: noCache && frontend !== "" ? { ...asked.options, "no-cache": "" } : asked.options,
      exporters: outputs.map((output) => output.exporter),
      cacheImports,
      cacheExports,
      entitlements,
      noCache: noCache && frontend === "",
      clientAsks: true,
      ...(sourcePolicy && { sourcePolicy }),
      ...(values.bool("proxy-network") && { proxyNetwork: true }),
    },
    session: {
      id: newId(),
      locals,
      secrets,
      ssh,
      outputs: outputs.map((output) => output.target),
      ociLayouts,
      cacheFolders: cacheFolders([...cacheExports, ...cacheImports], around.cwd),
      env: around.env,
    },
    registryTls,
    progress: values.string("progress"),
    call: asked.call,
    metadataFile: values.string("metadata-file"),
    refFile: values.string("ref-file"),
    trace: values.string("trace"),
    cacheMetrics: values.string("debug-json-cache-metrics"),
    notes: outputs.some((output) => output.exporter.type === "tar") ? [tarNote] : [],
  };
}

const tarNote =
  "type=tar writes the root file system, which is no image: to load it as an image, use type=oci or type=docker";

/** 25 letters and digits, the first one a letter, as upstream names builds and sessions. */
function newId(): string {
  const digits = BigInt(`0x${randomBytes(17).toString("hex")}`)
    .toString(36)
    .padStart(25, "0")
    .slice(-24);
  return `${String.fromCharCode(97 + ((randomBytes(1)[0] ?? 0) % 26))}${digits}`;
}
