import type { Descriptor, Index, Manifest } from "../../../oci/index.ts";
import type { OpScope } from "../../contract.ts";
import type { DocumentKind } from "./documents.ts";

/** A manifest or index, and what it is called. */
export interface Top {
  readonly descriptor: Descriptor;
  readonly document: Manifest | Index;
}

/** Where images come from: a registry, or a layout that a caller offers. Bytes are verified by whoever keeps them. */
export interface ImageOrigin {
  /** The one form of a name: two names of one form are one image. */
  canonical(name: string): string;
  /** Canonical, with the digest that it means now. */
  pinned(name: string, digest: Descriptor["digest"]): string;
  /** What layers say of where they can be had from. */
  layerSource(pinned: string): string;
  findTop(name: string, scope: OpScope): Promise<Top>;
  fetch(name: string, descriptor: Descriptor, what: DocumentKind, scope: OpScope): Promise<Uint8Array>;
}
