import type { ContainerConfig, History, ImageConfig, Platform } from "../../../oci/index.ts";
import { defaultPath } from "./image-path.ts";

/** The config of an image made from nothing. */
export function emptyImage(platform: Platform): ImageConfig {
  const env = platform.os === "windows" ? {} : { env: [`PATH=${defaultPath}`] };
  return { platform, config: { workingDir: "/", ...env }, history: [] };
}

/** What nothing has been said of: the config of a caller's directory that stands for a stage. */
export const unsetImage: ImageConfig = {
  platform: { os: "", architecture: "" },
  config: {},
  history: [],
  rootfsType: "",
};

/** The image with some of its config changed. */
export function withConfig(image: ImageConfig, change: Partial<ContainerConfig>): ImageConfig {
  return { ...image, config: { ...image.config, ...change } };
}

/** The `NAME=value` lines of an image's config while ENV changes them. */
export class EnvLines {
  readonly lines: string[];
  readonly #places = new Map<string, number>();

  constructor(lines: readonly string[]) {
    this.lines = [...lines];
    for (const [at, line] of lines.entries()) {
      const [name = ""] = line.split("=", 1);
      if (!this.#places.has(name)) this.#places.set(name, at);
    }
  }

  /** Where the name stands first, or at the end. */
  set(name: string, value: string): void {
    const at = this.#places.get(name) ?? this.lines.length;
    this.#places.set(name, at);
    this.lines[at] = `${name}=${value}`;
  }
}

/** What a stage's instructions add to its image, one by one: copying the whole each time would be quadratic. */
export interface ImageAdditions {
  readonly history: History[];
  env?: EnvLines;
  labels?: Map<string, string>;
  ports?: Set<string>;
  volumes?: Set<string>;
  onBuild?: string[];
}

/** The image with all that a stage added. */
export function withAdditions(image: ImageConfig, added: ImageAdditions): ImageConfig {
  const { history, env, labels, ports, volumes, onBuild } = added;
  const changed = withConfig(image, {
    ...(env && { env: env.lines }),
    ...(labels && { labels: Object.fromEntries(labels) }),
    ...(ports && { exposedPorts: [...ports] }),
    ...(volumes && { volumes: [...volumes] }),
    ...(onBuild && { onBuild }),
  });
  return { ...changed, history: [...image.history, ...history] };
}

/** SHELL of the image, or its system's usual one. */
export function shellOf(image: ImageConfig): readonly string[] {
  const { shell = [] } = image.config;
  if (shell.length > 0) return shell;
  return image.platform.os === "windows" ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"];
}
