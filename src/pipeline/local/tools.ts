import type { EngineOptions } from "../../engine/index.ts";
import { openPodTools, type PodTools } from "../../engine/index.ts";
import type { Scope } from "../../kit/index.ts";
import { createLocalSession } from "../../session/index.ts";

/** Opens storage, executor and images on a root, with the logins of this user. Throws `storage/…`. */
export async function openLocalTools(
  options: EngineOptions,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
  scope: Scope,
): Promise<PodTools> {
  const nothing = { locals: {}, secrets: [], ssh: [], outputs: [], ociLayouts: {} };
  const stdout = () => process.stdout;
  const session = await createLocalSession({ id: "step", ...nothing, env, stdout, warn });
  const tools = await openPodTools(options, session, scope);
  return {
    ...tools,
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}
