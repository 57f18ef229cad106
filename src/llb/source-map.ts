import type { Digest } from "../kit/index.ts";
import type { pb } from "../wire/index.ts";
import { invalid } from "./from-wire.ts";

/** A file that vertices come from. `definition` is how to get it again, as bytes of a pb.Definition. */
export interface SourceFileInfo {
  readonly filename: string;
  readonly language: string;
  readonly data: Uint8Array;
  readonly definition?: pb.Definition;
}

/** Lines from 1, characters from 0. */
export interface Position {
  readonly line: number;
  readonly character: number;
}
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Where a vertex stands: ranges in `files[file]`. */
export interface SourceLocation {
  readonly file: number;
  readonly ranges: readonly Range[];
}

export interface SourceMap {
  readonly files: readonly SourceFileInfo[];
  readonly locations: ReadonlyMap<Digest, readonly SourceLocation[]>;
}

const origin: Position = { line: 0, character: 0 };

/** Throws `llb/invalid` for a location in a file that is not listed. */
export function sourceMapFromWire(source: pb.Source | undefined): SourceMap {
  const files = source?.infos ?? [];
  const locations = new Map<Digest, readonly SourceLocation[]>();
  for (const [digest, { locations: list }] of source?.locations ?? []) {
    // Keys are only looked up, with digests that were computed: a wrong one is never found.
    locations.set(
      digest as Digest,
      list.map(({ sourceIndex, ranges }) => {
        if (files[sourceIndex] === undefined) throw invalid(`source index ${sourceIndex}`);
        return {
          file: sourceIndex,
          ranges: ranges.map(({ start, end }) => ({ start: start ?? origin, end: end ?? origin })),
        };
      }),
    );
  }
  return { files, locations };
}
