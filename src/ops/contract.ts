import type { Digest, Scope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { RequestRecord } from "../proxy/index.ts";
import type { Session } from "../session/index.ts";
import type { SnapshotId } from "../storage/index.ts";

/**
 * What an LLB edge evaluates to. `scratch` is the empty tree; `folder` a caller's directory, read in place and never stored;
 * `layers` an image's layers of which some may be *pending* (known by descriptor, not here yet); `snapshot` a tree that is here.
 */
export type Ref =
  | { readonly kind: "scratch" }
  | { readonly kind: "snapshot"; readonly id: SnapshotId }
  | { readonly kind: "layers"; readonly layers: readonly ImageLayer[] }
  | {
      readonly kind: "folder";
      readonly path: string;
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly follow: readonly string[];
    };

/** A layer as a registry or layout has it. `chainId` names its snapshot once it is unpacked. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Canonical references (or `oci-layout:STORE@…`) that the blob can be had from. */
  readonly from: readonly string[];
  /** When a build made it, RFC 3339; unknown for layers of images. */
  readonly createdAt?: string;
}

/** What a step tells while it runs; the engine turns it into status updates of its vertex. */
export type OpEvent =
  | { readonly type: "log"; readonly stream: 1 | 2; readonly data: Uint8Array }
  | {
      readonly type: "status";
      readonly id: string;
      readonly current: number;
      readonly total?: number;
      readonly started?: number;
      readonly completed?: number;
    };

/** What an op is given: how to stop, what to tell, and the live sessions that want this step. */
export interface OpScope extends Scope {
  readonly emit: (event: OpEvent) => void;
  readonly callers: readonly Session[];
  /** What progress calls the step. */
  readonly name?: string;
  /** The address that a step may be given instead of this one, or the same one; absent: it may have any. Throws when it may have none. */
  readonly allowRequest?: ((url: string, method: string) => Promise<string>) | undefined;
  /** Told what a step got through the builder's proxy. */
  readonly onRequests?: (record: RequestRecord) => void;
  /** Whose work the processes of the step are (W3C's `traceparent`), where the build is traced. */
  readonly traceparent?: string | undefined;
  /** Somebody may want to look at what a step that fails leaves: then its error has it. */
  readonly keepsFailures?: boolean;
  /** What a definition stands for, for the callers of this step; absent where nothing can be solved. */
  readonly solve?: (definition: Uint8Array) => Promise<Ref>;
}
