import type { Attestation, ExportSource } from "../export/index.ts";
import type { Scope } from "../kit/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { Built } from "./built.ts";

/** What a result is attested with beside what its frontend attests, by the platform's key in `refs.platforms`. */
export type Attestations = ReadonlyMap<string, readonly Attestation[]>;

/** Attests a result. `source` has what was attested before. */
type Attester = (source: ExportSource, built: Built, job: BuildJob, scope: Scope) => Promise<Attestations | undefined>;

/** In upstream's order: provenance comes last. */
const attesters: readonly Attester[] = [];

/** The result with all that the builder itself attests of it. */
export async function attested(source: ExportSource, built: Built, job: BuildJob, scope: Scope): Promise<ExportSource> {
  let result = source;
  for (const attest of attesters) {
    const more = await attest(result, built, job, scope);
    if (more !== undefined) result = { ...result, attestations: joined(result.attestations, more) };
  }
  return result;
}

function joined(before: Attestations = new Map(), more: Attestations): Attestations {
  const all = new Map(before);
  for (const [platform, list] of more) all.set(platform, [...(all.get(platform) ?? []), ...list]);
  return all;
}
