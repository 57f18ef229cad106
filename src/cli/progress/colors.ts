/** Escape sequences that start a colour; undefined: no colour at all. */
export interface Colors {
  readonly run?: string;
  readonly cancel?: string;
  readonly error?: string;
  readonly warning?: string;
}

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const keys = ["run", "cancel", "error", "warning"] as const;

/** `NO_COLOR` (no-color.org) switches colours off; `BUILDKIT_COLORS` (`run=green:error=255,0,0`) changes them. */
export function colorsFrom(env: NodeJS.ProcessEnv, warn: (sentence: string) => void): Colors {
  if (env.NO_COLOR) return {};
  const colors: { -readonly [Key in keyof Colors]: Colors[Key] } = {
    run: "\u001b[34m",
    cancel: "\u001b[33m",
    error: "\u001b[31m",
    warning: "\u001b[33m",
  };
  for (const entry of (env.BUILDKIT_COLORS ?? "").split(":")) {
    if (entry === "") continue;
    const [name = "", value = "", ...rest] = entry.split("=");
    const key = keys.find((one) => one === name.toLowerCase());
    const color = colorCode(value.toLowerCase());
    if (rest.length > 0 || value === "") warn(`Could not parse BUILDKIT_COLORS component: ${entry}`);
    else if (key === undefined) {
      warn(`Unknown key found in BUILDKIT_COLORS (expected: run, cancel, error, or warning): ${name}`);
    } else if (color === undefined) warn(`Unknown color value found in BUILDKIT_COLORS: ${entry}`);
    else colors[key] = color;
  }
  return colors;
}

/** A name (`green`, `light-green`, `default`) or three numbers up to 255. */
function colorCode(value: string): string | undefined {
  if (value === "default") return "\u001b[39m";
  const light = value.startsWith("light-");
  const index = names.indexOf(light ? value.slice("light-".length) : value);
  if (index >= 0) return `\u001b[${(light ? 90 : 30) + index}m`;
  const parts = value.split(",").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 3 || parts.some((part) => part > 255)) return undefined;
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Math.round((part / 255) * 5));
  return `\u001b[38;5;${16 + 36 * red + 6 * green + blue}m`;
}
