import { EnvList, type ProxyEnv } from "../../../llb/index.ts";
import { compareBytes, formatPlatform, formatPlatformAll, type Platform } from "../../../oci/index.ts";
import type { SourceFile } from "../../contract.ts";
import { type ArgInstruction, locate } from "../parse/index.ts";
import { expand } from "./context.ts";
import type { ArgInfo } from "./stage.ts";

/** The predefined arguments of platform and target stage; a build argument of the same name wins. */
export function defaultArgs(
  build: Platform,
  target: Platform,
  overrides: ReadonlyMap<string, string>,
  stage: string,
): EnvList {
  const values: readonly (readonly [string, string])[] = [
    ["BUILDPLATFORM", formatPlatform(build)],
    ["BUILDOS", build.os],
    ["BUILDOSVERSION", build.osVersion ?? ""],
    ["BUILDARCH", build.architecture],
    ["BUILDVARIANT", build.variant ?? ""],
    ["TARGETPLATFORM", formatPlatformAll(target)],
    ["TARGETOS", target.os],
    ["TARGETOSVERSION", target.osVersion ?? ""],
    ["TARGETARCH", target.architecture],
    ["TARGETVARIANT", target.variant ?? ""],
    ["TARGETSTAGE", stage === "" ? "default" : stage],
  ];
  return new EnvList(new Map(values.map(([name, value]) => [name, overrides.get(name) ?? value])));
}

/** ARGs before the first FROM, on top of the predefined ones. Throws located errors of expansion. */
export function readGlobalArgs(
  predefined: EnvList,
  instructions: readonly ArgInstruction[],
  buildArgs: ReadonlyMap<string, string>,
  dockerfile: { readonly escapeToken: "\\" | "`"; readonly file: SourceFile },
): { env: EnvList; infos: Map<string, ArgInfo> } {
  const infos = new Map<string, ArgInfo>();
  let env = predefined;
  for (const { args, location } of instructions) {
    for (const arg of args) {
      let value = buildArgs.get(arg.key);
      let deps: ReadonlySet<string> = new Set();
      if (value === undefined && arg.value !== undefined) {
        const expanded = expandLocated(arg.value, env, dockerfile, location);
        value = expanded.result;
        deps = dependencies(arg.key, expanded.matched, infos);
      }
      if (value !== undefined) env = env.set(arg.key, value);
      infos.set(arg.key, { definition: { ...arg, value }, value: value ?? "", deps, location });
    }
  }
  return { env, infos };
}

function expandLocated(
  word: string,
  env: EnvList,
  dockerfile: { readonly escapeToken: "\\" | "`"; readonly file: SourceFile },
  location: ArgInstruction["location"],
) {
  try {
    return expand(dockerfile, word, env);
  } catch (error) {
    throw locate(error, dockerfile.file, location);
  }
}

/** An argument that names itself stands on what its earlier value stood on. */
function dependencies(key: string, matched: ReadonlySet<string>, infos: ReadonlyMap<string, ArgInfo>): Set<string> {
  const deps = new Set(matched);
  if (deps.delete(key)) for (const dep of infos.get(key)?.deps ?? []) deps.add(dep);
  return deps;
}

/** Proxies among the build arguments, in any letter case; they need no ARG. */
export function proxyEnvOf(buildArgs: ReadonlyMap<string, string>): ProxyEnv | undefined {
  const proxies = { httpProxy: "", httpsProxy: "", ftpProxy: "", noProxy: "", allProxy: "" };
  const fields = {
    http_proxy: "httpProxy",
    https_proxy: "httpsProxy",
    ftp_proxy: "ftpProxy",
    no_proxy: "noProxy",
    all_proxy: "allProxy",
  } as const;
  let any = false;
  for (const name of [...buildArgs.keys()].sort(compareBytes)) {
    const lower = name.toLowerCase();
    if (!Object.hasOwn(fields, lower)) continue;
    proxies[fields[lower as keyof typeof fields]] = buildArgs.get(name) ?? "";
    any = true;
  }
  return any ? proxies : undefined;
}
