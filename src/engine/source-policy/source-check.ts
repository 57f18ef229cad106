import { posix } from "node:path";
import { CooperError, type Scope } from "../../kit/index.ts";
import { canonicalReference, type Platform } from "../../oci/index.ts";
import type { GatewayBridge, SourceSpec, VerifySource } from "../contract.ts";
import type { SourcePolicy } from "./policy.ts";

/** The source that may be used for this one. Throws when none may. */
export type SourceCheck = (source: SourceSpec, platform: Platform | undefined) => Promise<SourceSpec>;

/** So many questions one source may cause: upstream's. */
const mostQuestions = 10;

/** Policies see one name for one thing: an image with its tag, a folder of a git tree without detours. */
function canonical(identifier: string): string {
  const image = /^docker-image:\/\/(.*)$/.exec(identifier)?.[1];
  if (image !== undefined) return `docker-image://${canonicalImage(image)}`;
  const [, front, folder = ""] = /^(git:\/\/[^#]*#[^:]*:)(.*)$/.exec(identifier) ?? [];
  return front === undefined ? identifier : `${front}${posix.join("/", folder).slice(1)}`;
}

/** What is no reference is somebody else's to refuse. */
function canonicalImage(name: string): string {
  try {
    return canonicalReference(name);
  } catch {
    return name;
  }
}

/** Policies first, then whoever decides source by source; what that one replaces begins again. Undefined: everything may be used. */
export function sourceCheck(
  policy: SourcePolicy | undefined,
  verify: VerifySource | undefined,
  bridge: () => GatewayBridge,
  scope: Scope,
): SourceCheck | undefined {
  if (policy === undefined && verify === undefined) return undefined;
  return async (source, platform) => {
    let left = mostQuestions;
    const spend = () => {
      if (left-- <= 0) throw new CooperError("engine/bad-policy", "too many policy requests");
    };
    const named = { ...source, identifier: canonical(source.identifier) };
    for (let now = named; ; ) {
      const allowed = policy === undefined ? now : policy.evaluate(now);
      const next = await verify?.(allowed, platform, { bridge: bridge(), spend, scope });
      if (next === undefined) return allowed === named ? source : allowed;
      now = next;
    }
  };
}
