import { type Digest, isDigest } from "../kit/index.ts";
import { goJson, JsonObject, parseJson, sortedMap } from "./json.ts";
import { type Platform, platformFromJson, platformToJson } from "./platform.ts";

/** OCI image config with Docker's additions (moby/docker-image-spec). Times are RFC 3339 text as found. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  /** As found: `os` and `architecture` may be empty in old images. */
  readonly platform: Platform;
  readonly config: ContainerConfig;
  /** Lowest first. Missing is what Go calls nil: written as `null`, while an empty list is written as `[]`. */
  readonly diffIds?: readonly Digest[];
  /** The `type` of the root file system; missing is `layers`, the only one there is, "" is what an unset one is in Go. */
  readonly rootfsType?: string;
  readonly history: readonly History[];
}

/** How a container of the image is run. A missing field and an empty one mean the same, as in Go's `omitempty`. */
export interface ContainerConfig {
  readonly user?: string;
  /** `80/tcp`, … */
  readonly exposedPorts?: readonly string[];
  /** `NAME=value`, in order. */
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly volumes?: readonly string[];
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly stopSignal?: string;
  readonly argsEscaped?: boolean;
  readonly healthcheck?: Healthcheck;
  readonly onBuild?: readonly string[];
  readonly shell?: readonly string[];
}

/** Times in nanoseconds; 0 or missing means inherited. */
export interface Healthcheck {
  readonly test?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export interface History {
  readonly created?: string;
  readonly createdBy?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly emptyLayer?: boolean;
}

/** The largest config in bytes that is read. */
export const configLimit = 16 * 1024 * 1024;
const code = "oci/bad-config";

/** Reads an image config out of hostile bytes; unknown fields are dropped. Throws `oci/bad-config`. */
export function parseImageConfig(bytes: Uint8Array | string): ImageConfig {
  const json = parseJson(bytes, configLimit, "image config", code);
  const rootfs = json.object("rootfs");
  const config = json.object("config");
  return {
    ...optional({
      created: json.string("created"),
      author: json.string("author"),
      diffIds: rootfs && readDiffIds(rootfs),
      rootfsType: readRootfsType(rootfs),
    }),
    platform: platformFromJson(json),
    config: config === undefined ? {} : readContainer(config),
    history: (json.list("history") ?? []).map((entry, index) =>
      readHistory(new JsonObject(entry, `image config.history[${index}]`, code)),
    ),
  };
}

function readDiffIds(rootfs: JsonObject): readonly Digest[] | undefined {
  const ids = rootfs.strings("diff_ids");
  for (const id of ids ?? []) if (!isDigest(id)) rootfs.fail("diff_ids", JSON.stringify(id), "a digest");
  return ids as readonly Digest[] | undefined;
}

function readRootfsType(rootfs: JsonObject | undefined): string | undefined {
  const type = rootfs?.string("type") ?? "";
  return type === "layers" ? undefined : type;
}

function readContainer(json: JsonObject): ContainerConfig {
  const healthcheck = json.object("Healthcheck");
  return optional({
    user: json.string("User"),
    exposedPorts: json.object("ExposedPorts")?.keys(),
    env: json.strings("Env"),
    entrypoint: json.strings("Entrypoint"),
    cmd: json.strings("Cmd"),
    volumes: json.object("Volumes")?.keys(),
    workingDir: json.string("WorkingDir"),
    labels: json.record("Labels"),
    stopSignal: json.string("StopSignal"),
    argsEscaped: json.boolean("ArgsEscaped"),
    healthcheck: healthcheck && readHealthcheck(healthcheck),
    onBuild: json.strings("OnBuild"),
    shell: json.strings("Shell"),
  });
}

function readHealthcheck(json: JsonObject): Healthcheck {
  return optional({
    test: json.strings("Test"),
    interval: json.integer("Interval"),
    timeout: json.integer("Timeout"),
    startPeriod: json.integer("StartPeriod"),
    startInterval: json.integer("StartInterval"),
    retries: json.integer("Retries"),
  });
}

function readHistory(json: JsonObject): History {
  return optional({
    created: json.string("created"),
    createdBy: json.string("created_by"),
    author: json.string("author"),
    comment: json.string("comment"),
    emptyLayer: json.boolean("empty_layer"),
  });
}

/** The config's JSON with the bytes that upstream's frontend gives (Go's key order, escapes and omissions). */
export function encodeImageConfig(image: ImageConfig): string {
  return goJson({
    created: image.created && normalTime(image.created),
    author: image.author || undefined,
    ...platformToJson(image.platform),
    rootfs: rootfsToJson(image.diffIds, image.rootfsType),
    history: image.history.length > 0 ? image.history.map(historyToJson) : undefined,
    config: containerToJson(image.config),
  });
}

/** The `rootfs` field. */
export function rootfsToJson(diffIds: readonly Digest[] | undefined, type = "layers"): Record<string, unknown> {
  return { type, diff_ids: diffIds ?? null };
}

/** One history record, keys in upstream's order. */
export function historyToJson(entry: History): Record<string, unknown> {
  return {
    created: entry.created && normalTime(entry.created),
    created_by: entry.createdBy || undefined,
    author: entry.author || undefined,
    comment: entry.comment || undefined,
    empty_layer: entry.emptyLayer || undefined,
  };
}

/** The `config` field, keys in upstream's order. */
function containerToJson(config: ContainerConfig): Record<string, unknown> {
  return {
    User: config.user || undefined,
    ExposedPorts: setToJson(config.exposedPorts),
    Env: filled(config.env),
    Entrypoint: filled(config.entrypoint),
    Cmd: filled(config.cmd),
    Volumes: setToJson(config.volumes),
    WorkingDir: config.workingDir || undefined,
    Labels: sortedMap(config.labels),
    StopSignal: config.stopSignal || undefined,
    ArgsEscaped: config.argsEscaped || undefined,
    Healthcheck: config.healthcheck && healthcheckToJson(config.healthcheck),
    OnBuild: filled(config.onBuild),
    Shell: filled(config.shell),
  };
}

function healthcheckToJson(check: Healthcheck): Record<string, unknown> {
  return {
    Test: filled(check.test),
    Interval: check.interval || undefined,
    Timeout: check.timeout || undefined,
    StartPeriod: check.startPeriod || undefined,
    StartInterval: check.startInterval || undefined,
    Retries: check.retries || undefined,
  };
}

function setToJson(names: readonly string[] | undefined): Map<string, unknown> | undefined {
  return sortedMap(names && Object.fromEntries(names.map((name) => [name, {}])));
}

function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list !== undefined && list.length > 0 ? list : undefined;
}

/** Go writes a time's fraction without trailing zeros. */
function normalTime(text: string): string {
  return text.replace(/\.(\d*?)0*(?=Z|[+-]\d\d:\d\d$)/, (_, digits: string) => (digits === "" ? "" : `.${digits}`));
}

function optional<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
