import { isDeepStrictEqual } from "node:util";
import type { FrontendResult, FrontendWarning, SourceErrorDetails } from "../src/frontend/index.ts";
import { CooperError, type Digest, messageOf, sha256 } from "../src/kit/index.ts";
import { type OpMetadata, type ParsedDefinition, type Range, unmarshalDefinition } from "../src/llb/index.ts";
import { decode, pb } from "../src/wire/index.ts";
import type { Case, RecordedBuild } from "./case.ts";
import { definitionOf, type StubBridge } from "./stub-bridge.ts";

/** What went differently than recorded; empty means equal. Each entry is one line. */
export type Differences = readonly string[];

export function compareResult(recorded: Case, result: FrontendResult, bridge: StubBridge): Differences {
  const { expected } = recorded;
  if (expected.error !== undefined) return [`succeeded, but must fail: ${expected.error}`];
  return [
    ...Object.entries(expected.llb?.builds ?? {}).flatMap(([key, build]) => compareBuild(key, build, result)),
    ...compareMetadata(expected.image, result),
    ...compareAttestations(expected.llb?.internalSolves ?? [], result),
    ...compareWarnings(expected.warnings ?? [], bridge),
    ...compareResolves(expected.llb?.resolves ?? [], bridge),
  ];
}

export function compareError(recorded: Case, error: unknown, bridge: StubBridge): Differences {
  const { expected } = recorded;
  const message = messageOf(error);
  if (expected.error === undefined) return [`failed: ${message}`];
  return [
    ...different("error", expected.error, message),
    ...different("error source", (expected.errorSource ?? []).map(withoutNulls), sourcesOf(error)),
    ...compareWarnings(expected.warnings ?? [], bridge),
  ];
}

function compareBuild(key: string, build: RecordedBuild, result: FrontendResult): Differences {
  const where = key === "" ? "" : `${key}: `;
  if (!result.refs.has(key)) return [`${where}no result`];
  const ref = result.refs.get(key);
  const bytes = ref === undefined ? new Uint8Array(0) : definitionOf(ref);
  const parsed = unmarshalDefinition(bytes);
  const ours = decode(pb.Definition, bytes).def.map((op) => Buffer.from(op).toString("base64"));
  const theirs = (build.ops ?? []).map(({ raw }) => raw);
  return [
    ...compareOps(where, build, ours),
    ...different(`${where}head`, build.head ?? "", parsed.head?.digest ?? ""),
    ...(isDeepStrictEqual(ours, theirs) ? compareAside(where, build, parsed, bytes) : []),
  ];
}

/** What an attestation is made of was recorded among other solves. */
function compareAttestations(solves: readonly { readonly head: string }[], result: FrontendResult): Differences {
  const heads = solves.map(({ head }) => head);
  return [...(result.attestations ?? [])].flatMap(([platform, list]) =>
    list.flatMap(({ ref }) => {
      const head = ref && unmarshalDefinition(definitionOf(ref)).head?.digest;
      return head === undefined || heads.includes(head) ? [] : [`${platform}: attestation: ${head} was not recorded`];
    }),
  );
}

function compareOps(where: string, build: RecordedBuild, ours: readonly string[]): Differences {
  const theirs = (build.ops ?? []).map(({ raw }) => raw);
  if (isDeepStrictEqual(ours, theirs)) return [];
  if (isDeepStrictEqual(ours.toSorted(), theirs.toSorted())) return [`${where}ops: same, in another order`];
  const at = theirs.findIndex((raw, index) => raw !== ours[index]);
  const show = (raw: string | undefined) =>
    raw === undefined ? "none" : stringify(decode(pb.Op, Buffer.from(raw, "base64")));
  return [`${where}op ${at}: expected ${show(theirs[at])}\n      found ${show(ours[at])}`];
}

/** Metadata and places, which are outside the digests. */
function compareAside(where: string, build: RecordedBuild, parsed: ParsedDefinition, bytes: Uint8Array): Differences {
  const message = decode(pb.Definition, bytes);
  const head = message.def.at(-1);
  const headCaps = head && message.metadata.get(sha256(head));
  const ours: Record<string, unknown> = {};
  for (const { digest, metadata } of parsed.vertices) ours[digest] = metadataJson(metadata);
  if (head && headCaps) ours[sha256(head)] = { caps: Object.fromEntries(headCaps.caps) };
  return [
    ...different(`${where}metadata`, withoutGroupIds(build.metadata ?? {}), withoutGroupIds(ours)),
    ...different(`${where}locations`, recordedLocations(build), locationsJson(parsed)),
  ];
}

/** Progress group ids are random: what counts is which vertices share one. */
function withoutGroupIds(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ids: string[] = [];
  const text = JSON.stringify(Object.fromEntries(Object.entries(metadata).sort()), (key, value) => {
    if (key !== "progressGroup") return value;
    if (!ids.includes(value.id)) ids.push(value.id);
    return { ...value, id: ids.indexOf(value.id) };
  });
  return JSON.parse(text);
}

function metadataJson(metadata: OpMetadata): Record<string, unknown> {
  const { ignoreCache, description, caps, progressGroup, linuxResources } = metadata;
  return {
    ...(ignoreCache && { ignoreCache }),
    ...(description.size > 0 && { description: Object.fromEntries(description) }),
    ...(caps.size > 0 && { caps: Object.fromEntries([...caps].map((cap) => [cap, true])) }),
    ...(progressGroup && { progressGroup: withoutDefaults(progressGroup) }),
    ...(linuxResources && { linuxResources: limitsJson(withoutDefaults(linuxResources)) }),
  };
}

function limitsJson(limits: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(limits).map(([key, value]) => [key, String(value)]));
}

function withoutDefaults(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== "" && item !== 0 && item !== false));
}

function recordedLocations(build: RecordedBuild): unknown {
  const locations = (build.source?.locations ?? {}) as Record<string, Record<string, unknown>>;
  return Object.fromEntries(Object.entries(locations).filter(([, value]) => value.locations !== undefined));
}

function locationsJson(parsed: ParsedDefinition): unknown {
  const entries = [...parsed.source.locations].filter(([, list]) => list.length > 0);
  return Object.fromEntries(
    entries.map(([digest, list]) => [
      digest,
      {
        locations: list.map(({ file, ranges }) => ({
          ...(file !== 0 && { sourceIndex: file }),
          ...(ranges.length > 0 && { ranges: ranges.map(rangeJson) }),
        })),
      },
    ]),
  );
}

function rangeJson({ start, end }: Range): unknown {
  return { start: withoutDefaults(start), end: withoutDefaults(end) };
}

function compareMetadata(expected: ReadonlyMap<string, string> | undefined, result: FrontendResult): Differences {
  const ours = new Map([...result.metadata].map(([key, value]) => [key, Buffer.from(value).toString("utf8")]));
  const keys = new Set([...(expected?.keys() ?? []), ...ours.keys()]);
  return [...keys].flatMap((key) =>
    different(`metadata ${key}`, expected?.get(key) ?? "none", ours.get(key) ?? "none"),
  );
}

function compareWarnings(expected: readonly unknown[], bridge: StubBridge): Differences {
  const sorted = (list: readonly unknown[]) => list.map(stringify).sort();
  const ours = bridge.warnings.map(({ vertex, warning }) => warningJson(vertex, warning));
  return different("warnings", sorted(expected.map(sortKeys)), sorted(ours.map(sortKeys)));
}

/**
 * Each image once. Upstream asks for the metadata of a scanner's image twice and of a caller's directory in vain; we do not.
 */
function compareResolves(expected: readonly Record<string, unknown>[], bridge: StubBridge): Differences {
  const sorted = (list: readonly unknown[]) => [...new Set(list.map((item) => stringify(sortKeys(item))))].sort();
  return different("resolves", sorted(expected.filter(isOurs)), sorted(bridge.resolves));
}

function isOurs({ kind, ref }: Record<string, unknown>): boolean {
  return !String(kind).startsWith("source-metadata") || /^(?:git|https?):/.test(String(ref));
}

function warningJson(vertex: Digest, warning: FrontendWarning): Record<string, unknown> {
  const { level, short, detail, url, ranges } = warning;
  return {
    vertex,
    message: short,
    level,
    ...(url !== "" && { url }),
    detail,
    ...(ranges.length > 0 && { ranges: ranges.map(rangeJson) }),
  };
}

function sourcesOf(error: unknown): unknown[] {
  if (!(error instanceof CooperError)) return [];
  const details = error.details as SourceErrorDetails | undefined;
  if (details?.kind !== "source" || details.unsent) return [];
  return [details, ...(details.more ?? [])].map(({ source, ranges }) => ({
    filename: source.filename,
    language: source.language,
    ...(ranges.length > 0 && { ranges: ranges.map(rangeJson) }),
  }));
}

/** Go writes an empty list as null. */
function withoutNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}

function different(what: string, expected: unknown, found: unknown): Differences {
  const [wanted, got] = [stringify(sortKeys(expected)), stringify(sortKeys(found))];
  return wanted === got ? [] : [`${what}: expected ${wanted}\n      found ${got}`];
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

function stringify(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_, item) => {
    if (typeof item === "bigint") return Number(item);
    return item instanceof Map ? Object.fromEntries(item) : item;
  });
}
