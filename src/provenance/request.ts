import { compareBytes, sortedMap } from "../oci/index.ts";
import type { AskedRequest, Offer, Sources } from "./contract.ts";
import { contextMaterial, type Material } from "./materials.ts";
import { redactCredentials } from "./redact.ts";

/** Where a request's Dockerfile is from. */
export interface ConfigSource extends Partial<Material> {
  readonly path?: string;
}

/** A request as provenance tells it. */
export interface ToldRequest {
  readonly configSource: ConfigSource;
  readonly request: Parameters;
}
/** In upstream's order of JSON. Empty ones are absent. */
export interface Parameters {
  readonly frontend?: string;
  readonly args?: ReadonlyMap<string, string>;
  readonly secrets?: readonly object[];
  readonly ssh?: readonly object[];
  readonly locals?: readonly object[];
  readonly inputs?: ReadonlyMap<string, ToldRequest>;
  readonly root?: ToldRequest;
  readonly compatibilityVersion?: number;
}

/** A request, what its inputs came from, and where its context is from, as far as the sources tell. */
export function toldRequest(asked: AskedRequest, sources: Sources): ToldRequest {
  const args = new Map(Object.entries(shownOptions(asked.options)));
  const configSource = takeConfigSource(args, sources);
  const inputs = toldInputs(asked);
  return {
    configSource,
    request: {
      ...(asked.frontend !== "" && { frontend: asked.frontend }),
      ...(args.size > 0 && { args: sortedArgs(args) }),
      ...(inputs !== undefined && { inputs }),
    },
  };
}

/** What the build was asked for, when it is more than nothing and another request than the one that made the result. */
export function toldRoot(root: AskedRequest, made: ToldRequest | undefined, sources: Sources): ToldRequest | undefined {
  const told = toldRequest(root, sources);
  if (Object.keys(told.request).length === 0) return undefined;
  return made !== undefined && same(told, made) ? undefined : told;
}

/** `vcs:…` options by what follows; they are told as metadata, not as arguments. */
export function takeVcs(told: ToldRequest): { told: ToldRequest; vcs: ReadonlyMap<string, string> | undefined } {
  const all = [...(told.request.args ?? [])];
  const rest = all.filter(([key]) => !key.startsWith("vcs:"));
  const vcs = all
    .filter(([key, value]) => key.startsWith("vcs:") && value !== "")
    .map(
      ([key, value]) => [key.slice("vcs:".length), key === "vcs:source" ? redactCredentials(value) : value] as const,
    );
  const { args: _, ...request } = told.request;
  const ordered: Parameters = {
    ...(request.frontend !== undefined && { frontend: request.frontend }),
    ...(rest.length > 0 && { args: new Map(rest) }),
    ...request,
  };
  return { told: { ...told, request: ordered }, vcs: vcs.length === 0 ? undefined : new Map(vcs) };
}

/** Without what `mode=min` keeps to itself: build arguments, labels, names of secrets; `complete` is false when something was left out. */
export function scrubbed(request: Parameters): { readonly request: Parameters; readonly complete: boolean } {
  const { args, secrets: _, ssh: __, inputs, root, ...rest } = request;
  const kept = [...(args ?? [])].filter(([key]) => !key.startsWith("build-arg:") && !key.startsWith("label:"));
  let complete = kept.length === (args?.size ?? 0);
  const scrub = (told: ToldRequest): ToldRequest => {
    const inner = scrubbed(told.request);
    complete &&= inner.complete;
    return { ...told, request: inner.request };
  };
  const { frontend, locals, compatibilityVersion } = rest;
  return {
    request: {
      ...(frontend !== undefined && { frontend }),
      ...(kept.length > 0 && { args: new Map(kept) }),
      ...(locals && { locals }),
      ...(inputs && { inputs: new Map([...inputs].map(([name, told]) => [name, scrub(told)])) }),
      ...(root && { root: scrub(root) }),
      ...(compatibilityVersion !== undefined && { compatibilityVersion }),
    },
    complete,
  };
}

/** By name; undefined for none. */
export function toldOffers(offers: readonly Offer[]): readonly object[] | undefined {
  if (offers.length === 0) return undefined;
  return offers.map(({ id, optional }) => ({ id, ...(optional && { optional }) }));
}

/** Options that say something of this machine only. */
const hostSpecific = new Set(["cgroup-parent", "image-resolve-mode", "platform", "cache-imports"]);

function shownOptions(options: AskedRequest["options"]): Record<string, string> {
  const contextKey = options.contextkey || "context";
  const shown = Object.entries(options).filter(([key]) => !hostSpecific.has(key) && !key.startsWith("attest:"));
  const blank = (key: string, value: string) =>
    key === contextKey || key.startsWith("context:") ? redactCredentials(value) : value;
  return Object.fromEntries(shown.map(([key, value]) => [key, blank(key, value)]));
}

/** Takes context and file name out of the arguments. */
function takeConfigSource(args: Map<string, string>, sources: Sources): ConfigSource {
  const key = args.get("contextkey") || (args.get("input:context") && "input:context") || "context";
  const context = args.get(key) ?? "";
  const path = args.get("filename") ?? "";
  if (context !== "") args.delete(key);
  if (path !== "") args.delete("filename");
  const material = context === "" ? undefined : (contextMaterial(context, sources) ?? { uri: context });
  return {
    ...(material && { ...material, uri: redactCredentials(material.uri) }),
    ...(path !== "" && { path }),
  };
}

function toldInputs({ inputs }: AskedRequest): Parameters["inputs"] {
  const told = [...inputs].flatMap(([name, makers]) => {
    const one = agreed(makers);
    return one === undefined ? [] : [[name, one] as const];
  });
  return told.length === 0 ? undefined : new Map(told.sort(([a], [b]) => compareBytes(a, b)));
}

/** What all the requests that made a definition have in common, which is all or nothing. */
function agreed(makers: readonly AskedRequest[]): ToldRequest | undefined {
  const [first, ...others] = makers.map((maker) => toldRequest(maker, noSources));
  return first !== undefined && others.every((other) => same(first, other)) ? first : undefined;
}

const noSources: Sources = { images: [], blobs: [], git: [], http: [], locals: [] };

function same(a: ToldRequest, b: ToldRequest): boolean {
  return comparable(a) === comparable(b);
}

function comparable(value: unknown): string {
  return JSON.stringify(value, (_, part) => (part instanceof Map ? [...part] : part));
}

function sortedArgs(args: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return sortedMap(Object.fromEntries(args)) ?? new Map();
}
