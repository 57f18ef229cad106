import { CooperError } from "../kit/index.ts";
import type { Capture } from "./contract.ts";

/** `details` of `provenance/incomplete`: what could not be told, as upstream's `ProvenanceMaterialIncomplete`. */
export interface IncompleteMaterials {
  readonly kind: "incomplete-materials";
  readonly materials: readonly { readonly name: string; readonly reason: string }[];
}

/** Throws `provenance/incomplete` with upstream's sentences when something was used that cannot be told. */
export function checkComplete({ sources, incomplete }: Capture): void {
  const { locals } = sources;
  if (!incomplete && locals.length === 0) return;
  const reason = "local_source";
  const paragraphs = [
    "provenance materials are incomplete",
    "The build requested complete provenance materials, but not all dependencies could be captured.",
    ...(locals.length === 0 ? [] : [`Uncaptured local sources:${locals.map(lines).join("")}`]),
  ];
  const details: IncompleteMaterials = {
    kind: "incomplete-materials",
    materials: locals.map((name) => ({ name, reason })),
  };
  throw new CooperError("provenance/incomplete", paragraphs.join("\n\n"), { details });

  function lines(name: string): string {
    return `\n  - ${name || "<unnamed>"}\n    reason: ${reason}`;
  }
}
