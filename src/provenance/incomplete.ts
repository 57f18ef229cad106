import { CooperError } from "../kit/index.ts";
import type { Capture, ProxyGap } from "./contract.ts";

/** Why a directory of the caller's says nothing certain. */
const reason = "local_source";

/** `details` of `provenance/incomplete`: what could not be told, as upstream's `ProvenanceMaterialIncomplete`. */
export interface IncompleteMaterials {
  readonly kind: "incomplete-materials";
  readonly materials: readonly {
    readonly name: string;
    readonly reason: string;
    readonly op?: string;
    readonly method?: string;
    readonly uri?: string;
  }[];
}

/** Throws `provenance/incomplete` with upstream's sentences when something was used that cannot be told. */
export function checkComplete({ sources, incomplete, proxy: { gaps } = { gaps: [] } }: Capture): void {
  const { locals } = sources;
  if (!incomplete && locals.length === 0) return;
  const paragraphs = [
    "provenance materials are incomplete",
    "The build requested complete provenance materials, but not all dependencies could be captured.",
    ...(locals.length === 0 ? [] : [`Uncaptured local sources:${locals.map(localLines).join("")}`]),
    ...(gaps.length === 0 ? [] : [`Uncaptured requests:${gaps.map(gapLines).join("")}`]),
  ];
  const details: IncompleteMaterials = {
    kind: "incomplete-materials",
    materials: [...locals.map((name) => ({ name, reason })), ...gaps],
  };
  throw new CooperError("provenance/incomplete", paragraphs.join("\n\n"), { details });
}

function localLines(name: string): string {
  return `\n  - ${name || "<unnamed>"}\n    reason: ${reason}`;
}

function gapLines(gap: ProxyGap): string {
  const about = { method: gap.method, url: gap.uri, reason: gap.reason };
  const lines = Object.entries(about).map(([key, value]) => (value === "" ? "" : `\n    ${key}: ${value}`));
  return `\n  - ${gap.name || gap.op}${lines.join("")}`;
}
