import type { JsonObject } from "../kube/json.ts";

/** Settings of the controller that must lie within bounds, as its own validator has them. */
const bounds: Readonly<Record<string, readonly [least: number, most: number]>> = {
  "max-in-flight": [0, Number.MAX_SAFE_INTEGER],
  "pagination-page-size": [1, 1000],
  "pagination-depth-limit": [1, 20],
  "reservation-expiry-seconds": [0, 3600],
};
const words: Readonly<Record<string, readonly string[]>> = {
  "log-format": ["", "logfmt", "json"],
  "log-level": ["", "debug", "info", "warn", "error"],
};
const notEmpty = [
  "image",
  "job-prefix",
  "agent-token-secret",
  "namespace",
  "job-active-deadline-seconds",
  "default-termination-grace-period-seconds",
];

/** Why the controller does not start with these settings (its defaults among them), or undefined. */
export function settingProblem(settings: JsonObject): string | undefined {
  for (const [key, value] of Object.entries(settings)) {
    const wanted = trouble(key, value ?? "");
    if (wanted !== undefined) return `${key} is ${JSON.stringify(value)}, wanted ${wanted}`;
  }
  return undefined;
}

function trouble(key: string, value: NonNullable<JsonObject[string]>): string | undefined {
  if (notEmpty.includes(key) && (value === "" || value === 0)) return "something that is not empty";
  const [least, most] = bounds[key] ?? [];
  if (least !== undefined && most !== undefined && !(Number(value) >= least && Number(value) <= most)) {
    return most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
  }
  const allowed = words[key];
  if (allowed !== undefined && !allowed.includes(String(value)))
    return allowed.filter((word) => word !== "").join(", ");
  const isAddress = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?:[1-9]\d{0,4}$|^\[[0-9A-Fa-f:.]+\]:[1-9]\d{0,4}$/;
  if (key === "profiler-address" && value !== "" && !isAddress.test(String(value))) return "HOST:PORT";
  return undefined;
}
