import { sortedMap } from "../../../oci/index.ts";
import { decode, pb } from "../../../wire/index.ts";
import type { DefinitionBytes } from "../../contract.ts";
import { base64, locationJson } from "./result.ts";

/** A definition as Go's JSON shows `pb.Definition`; bytes are base64, zero values are left out. */
export function definitionJson(definition: DefinitionBytes): object {
  return fields(decode(pb.Definition, definition.definition));
}

function fields(definition: pb.Definition): object {
  return {
    def: definition.def.length === 0 ? undefined : definition.def.map(base64),
    metadata: metadataJson(definition.metadata),
    Source: definition.source && sourceFields(definition.source),
  };
}

/** Metadata of ops by their digests, sorted; undefined when there is none. */
export function metadataJson(metadata: pb.Definition["metadata"]): ReadonlyMap<string, object> | undefined {
  return sortedMap(mapValues(metadata, metadataFields));
}

function metadataFields(metadata: pb.OpMetadata): object {
  const { ignoreCache, description, exportCache, caps, progressGroup, linuxResources } = metadata;
  return {
    ignore_cache: ignoreCache || undefined,
    description: sortedMap(Object.fromEntries(description)),
    export_cache: exportCache && { Value: exportCache.value || undefined },
    caps: sortedMap(Object.fromEntries(caps)),
    progress_group: progressGroup && {
      id: progressGroup.id || undefined,
      name: progressGroup.name || undefined,
      weak: progressGroup.weak || undefined,
    },
    linux_resources: linuxResources && numbersOf(linuxResources),
  };
}

/** 64-bit numbers are plain numbers in Go's JSON. */
function numbersOf(message: object): object {
  const entries = Object.entries(message).map(([key, value]) => [
    key,
    typeof value === "bigint" ? Number(value) : value,
  ]);
  return Object.fromEntries(entries.map(([key, value]) => [key, value || undefined]));
}

function sourceFields(source: pb.Source): object {
  const locations = mapValues(source.locations, (list) => ({
    locations:
      list.locations.length === 0
        ? undefined
        : list.locations.map(({ sourceIndex, ranges }) => ({
            sourceIndex: sourceIndex || undefined,
            ...locationJson(ranges.map(({ start, end }) => ({ start: start ?? origin, end: end ?? origin }))),
          })),
  }));
  return {
    locations: sortedMap(locations),
    infos: source.infos.length === 0 ? undefined : source.infos.map(infoFields),
  };
}

const origin = { line: 0, character: 0 };

function infoFields(info: pb.SourceInfo): object {
  return {
    filename: info.filename || undefined,
    data: info.data.length === 0 ? undefined : base64(info.data),
    definition: info.definition && fields(info.definition),
    language: info.language || undefined,
  };
}

function mapValues<T>(map: ReadonlyMap<string, T>, change: (value: T) => object): Record<string, object> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
