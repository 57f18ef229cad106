import { CooperError, messageOf, type Scope, userAgent } from "../../kit/index.ts";
import type { Credentials } from "../../registry/index.ts";
import type { Check, DoctorOptions } from "../contract.ts";
import { hostOf, imageIn } from "./host-of.ts";

/** Milliseconds that a registry has to answer in. */
const patience = 20_000;

/** The registry that was named: which login a build would send, and what it says to that. Nothing is pushed. */
export async function registryChecks(options: DoctorOptions, scope: Scope): Promise<Check[]> {
  const { registry, env } = options;
  if (registry === undefined) return [];
  const warnings: string[] = [];
  const { createLocalSession } = await import("../../session/index.ts");
  const offers = { id: "doctor", locals: {}, secrets: [], ssh: [], outputs: [], ociLayouts: {} };
  const stdout = () => process.stdout;
  await using session = await createLocalSession({ ...offers, env, stdout, warn: (text) => warnings.push(text) });
  const host = hostOf(registry);
  const credentials = await session.registryCredentials(host, scope).catch((error: unknown) => messageOf(error));
  const login = loginCheck(host, credentials, warnings);
  const sent: Credentials = typeof credentials === "string" ? { kind: "none" } : credentials;
  return [login, await answerCheck(options, imageIn(registry), sent, scope)];
}

function loginCheck(host: string, credentials: Credentials | string, warnings: readonly string[]): Check {
  const id = "credentials";
  const more = warnings.length === 0 ? "" : ` (${warnings.join("; ")})`;
  if (typeof credentials === "string") return { id, verdict: "warning", found: credentials };
  if (credentials.kind !== "none") {
    const what = credentials.kind === "basic" ? `user ${JSON.stringify(credentials.username)}` : "a token";
    return { id, verdict: "ok", found: `${what} for ${host}${more}` };
  }
  const hint =
    "mount a login file and name its folder in DOCKER_CONFIG, or set DOCKER_AUTH_CONFIG or REGISTRY_AUTH_FILE";
  return { id, verdict: warnings.length === 0 ? "note" : "warning", found: `none for ${host}${more}`, hint };
}

async function answerCheck(
  { registry = "", insecure = false, env }: DoctorOptions,
  image: string,
  credentials: Credentials,
  scope: Scope,
): Promise<Check> {
  const id = "registry";
  const { createRegistryClient } = await import("../../registry/index.ts");
  await using client = createRegistryClient({ hosts: {}, userAgent, proxy: env });
  const access = {
    credentials: async () => credentials,
    ...(insecure && { host: { insecure: true, http: true } }),
  };
  const signal = AbortSignal.any([scope.signal, AbortSignal.timeout(patience)]);
  try {
    await client.resolve(image, access, { ...scope, signal });
    return { id, verdict: "ok", found: `${image} is there` };
  } catch (error) {
    if (error instanceof CooperError && error.code === "registry/not-found") {
      return { id, verdict: "ok", found: `${hostOf(registry)} answers; it has no ${image}` };
    }
    const hint = error instanceof CooperError ? error.hint : undefined;
    return { id, verdict: "warning", found: messageOf(error), ...(hint !== undefined && { hint }) };
  }
}
