import { CooperError, messageOf } from "../../kit/index.ts";
import { nameValues } from "./attributes.ts";

const buildArg = "build-arg:";

/**
 * Reads the `--opt` options. A `build-arg:NAME` without a value takes it from the environment, and is left out when it is
 * not set there. `SOURCE_DATE_EPOCH` goes along from the environment, unless an option says otherwise.
 */
export function parseFrontendOptions(words: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  const resolved = words.flatMap((word) => {
    const name = word.startsWith(buildArg) ? word.slice(buildArg.length) : "";
    if (name === "" || name.includes("=")) return [word];
    return env[name] === undefined ? [] : [`${word}=${env[name]}`];
  });
  const epoch = env.SOURCE_DATE_EPOCH;
  const ambient = epoch === undefined ? {} : { [`${buildArg}SOURCE_DATE_EPOCH`]: epoch };
  try {
    return { ...ambient, ...nameValues(resolved) };
  } catch (cause) {
    throw new CooperError("cli/bad-value", `invalid opt: ${messageOf(cause)}`, { cause });
  }
}
