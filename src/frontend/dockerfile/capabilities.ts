import { CooperError } from "../../kit/index.ts";

const understood: ReadonlySet<string> = new Set([
  "moby.buildkit.frontend.inputs",
  "moby.buildkit.frontend.subrequests",
  "moby.buildkit.frontend.contexts",
  "moby.buildkit.frontend.gitquerystring",
]);

/**
 * What a client demands of a frontend in `frontend.caps`. A capability marked `+forward` may be missing until it is known
 * that the Dockerfile names no other frontend. Throws `unsupported frontend capability …`.
 */
export function refuseUnknownCapabilities(options: Readonly<Record<string, string>>, mayForward: boolean): void {
  for (const wanted of (options["frontend.caps"] ?? "").split(",")) {
    const [name = ""] = wanted.split("+", 1);
    if (wanted === "" || understood.has(name) || (mayForward && wanted.includes("+forward"))) continue;
    const details = { kind: "frontend-capability", name };
    throw new CooperError("dockerfile/unsupported-capability", `unsupported frontend capability ${name}`, { details });
  }
}
