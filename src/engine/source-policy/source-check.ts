import { CooperError, type Scope } from "../../kit/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { GatewayBridge, SourceSpec, VerifySource } from "../contract.ts";
import type { SourcePolicy } from "./policy.ts";

/** The source that may be used for this one. Throws when none may. */
export type SourceCheck = (source: SourceSpec, platform: Platform | undefined) => Promise<SourceSpec>;

/** So many questions one source may cause: upstream's. */
const mostQuestions = 10;

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
    for (let now = source; ; ) {
      const allowed = policy === undefined ? now : policy.evaluate(now);
      const next = await verify?.(allowed, platform, { bridge: bridge(), spend, scope });
      if (next === undefined) return allowed;
      now = next;
    }
  };
}
