import type { ExecOp } from "../../llb/index.ts";
import { sourceUse } from "../../ops/index.ts";
import type { CaptureBuilder } from "../../provenance/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { EngineEdge, EngineVertex } from "../graph.ts";

/** Adds what the steps behind an edge used. Whether they ran or were found in the cache makes no difference. */
export async function captureEdge(edge: EngineEdge, job: BuildJob, into: CaptureBuilder): Promise<void> {
  const seen = new Set<EngineVertex>([edge.vertex]);
  const stack = [edge.vertex];
  for (let vertex = stack.pop(); vertex !== undefined; vertex = stack.pop()) {
    await captureVertex(vertex, job, into);
    for (const { vertex: input } of vertex.inputs.toReversed()) {
      if (seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
}

async function captureVertex(vertex: EngineVertex, job: BuildJob, into: CaptureBuilder): Promise<void> {
  const op = job.vertex(vertex.digest)?.op;
  if (op === undefined) return;
  const { body, platform } = op;
  if (body.kind === "exec") captureExec(body, into);
  if (body.kind === "exec" && body.proxyNetwork === true) captureProxied(vertex, body, job, into);
  // What a build in a build used is not told: upstream's gap, too.
  if (body.kind === "build") into.incomplete = true;
  if (body.kind !== "source") return;
  const use = sourceUse(body, platform, await job.found(vertex));
  if (use === undefined) return;
  for (const id of use.secrets) into.secret({ id, optional: true });
  for (const id of use.ssh) into.ssh({ id, optional: true });
  const { what } = use;
  if (what.kind === "image") into.image(what);
  if (what.kind === "blob") into.blob(what);
  if (what.kind === "git") into.git(what);
  if (what.kind === "http") into.http(what);
  if (what.kind === "local") into.local(what.name);
}

function captureExec({ mounts, secretEnv, network }: ExecOp, into: CaptureBuilder): void {
  for (const { type } of mounts) {
    if (type.kind === "secret") into.secret({ id: type.id, optional: type.optional });
    if (type.kind === "ssh") into.ssh({ id: type.id, optional: type.optional });
  }
  for (const { id, optional } of secretEnv) into.secret({ id, optional });
  if (network !== "none") into.network = true;
}

/** What a step got through the builder's proxy. One that was found in the cache asked for nothing this time. */
function captureProxied({ digest: op }: EngineVertex, { meta }: ExecOp, job: BuildJob, into: CaptureBuilder): void {
  const record = job.requests.get(op);
  for (const [url, digest] of record?.materials() ?? []) into.http({ url, digest });
  const name = meta.args.join(" ");
  into.proxied((record?.incomplete ?? []).map(({ method, url: uri, reason }) => ({ op, name, method, uri, reason })));
}
