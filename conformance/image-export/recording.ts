import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One build and all that came out of it: what upstream made (a file of `images/cases`), or what Cooper makes of the same. */
export interface Recording {
  readonly dockerfile: string;
  /** `--opt`. */
  readonly options: Readonly<Record<string, string>>;
  /** `--output`, with OUT for the place; empty: none. */
  readonly output: string;
  readonly extra: readonly string[];
  readonly exit: number;
  /** Exact text of `index.json`, `oci-layout`, `manifest.json`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Descriptor of what a registry got. */
  readonly root?: object;
  /** By digest. */
  readonly blobs?: Readonly<Record<string, RecordedBlob>>;
  /** Entries by diff id; the base image's layer is not among them. */
  readonly layers?: Readonly<Record<string, readonly TarEntry[]>>;
  /** Entries of the archive that holds the layout. */
  readonly outer?: readonly TarEntry[];
  /** What `type=tar` wrote. */
  readonly tar?: readonly TarEntry[];
  /** What is in the folder that `type=local` or `tar=false` wrote. */
  readonly folder?: readonly FolderEntry[];
  /** The metadata file, byte for byte. */
  readonly metadata?: string;
  /** The lines after `error: ` and the line itself. */
  readonly error?: string;
  /** The lines of the exporters' vertices. */
  readonly progress: readonly string[];
}

/** A JSON document, or a layer. */
export type RecordedBlob =
  | { readonly mediaType: string; readonly text: string }
  | {
      readonly mediaType: string;
      readonly diffId: string;
      readonly compression: string;
      /** First bytes, hexadecimal. */
      readonly begin: string;
      readonly zeroBlocks: number;
    };

/** A tar header as it stands in the archive. */
export interface TarEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkname?: string;
  readonly dev?: readonly number[];
  readonly pax?: Readonly<Record<string, string>>;
  readonly magic: string;
  readonly sha256?: string;
}

/** A file of a folder; a layout's files have less. */
export interface FolderEntry {
  readonly name: string;
  readonly mode: string;
  readonly size: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly nlink?: number;
  readonly linkname?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** The content of what is JSON. */
  readonly json?: unknown;
}

/** Where the recorded facts are. */
export const imagesFolder = join(import.meta.dirname, "../images");

/** What upstream made, by name of the case. */
export function readRecordings(): Map<string, Recording> {
  const names = readdirSync(join(imagesFolder, "cases")).sort();
  return new Map(
    names.map((name) => [
      name.replace(/\.json$/, ""),
      JSON.parse(readFileSync(join(imagesFolder, "cases", name), "utf8")) as Recording,
    ]),
  );
}
