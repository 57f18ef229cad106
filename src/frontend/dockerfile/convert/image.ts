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

/** The image with one more history record. `created` is RFC 3339. */
export function withHistory(image: ImageConfig, record: History): ImageConfig {
  return { ...image, history: [...image.history, record] };
}

/** `list` with `NAME=value` set in place, or appended. */
export function setEnv(list: readonly string[], name: string, value: string): string[] {
  const prefix = `${name}=`;
  const at = list.findIndex((line) => line.startsWith(prefix) || line === name);
  const line = prefix + value;
  return at < 0 ? [...list, line] : list.with(at, line);
}

/** SHELL of the image, or its system's usual one. */
export function shellOf(image: ImageConfig): readonly string[] {
  const { shell = [] } = image.config;
  if (shell.length > 0) return shell;
  return image.platform.os === "windows" ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"];
}
