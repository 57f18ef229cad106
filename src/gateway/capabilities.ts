import { caps } from "../llb/index.ts";

/** What a frontend at the gateway may use here. */
const gateway = [
  "frontend.caps",
  "frontend.inputs",
  "gateway.evaluate",
  "gateway.exec",
  "gateway.exec.extrahosts",
  "gateway.exec.filesystem",
  "gateway.exec.secretenv",
  "gateway.exec.signals",
  "gateway.solve.evaluate",
  "gateway.solve.metadata",
  "gateway.warnings",
  "importcaches",
  "proto.refarray",
  "readdir",
  "readfile",
  "reference.attestations",
  "reference.output",
  "resolveimage",
  "resolveimage.resolvemode",
  "return",
  "returnmap",
  "solve.base",
  "source.metaresolver",
  "source.metaresolver.image.attestations",
  "statfile",
];

/** What clients ask for beside the vertices' own capabilities. */
const builder = [
  "constraints",
  "exporter.image.annotations",
  "exporter.image.attestations",
  "exporter.multiple",
  "exporter.sourcedateepoch",
  "gc.freespacefilter",
  "meta.description",
  "meta.ignorecache",
  "platform",
];

/** What steps and sources can do that the frontends here never ask for. */
const sources = [
  "exec.meta.network.proxy",
  // Upstream's own spelling.
  "soruce.http.uidgid",
  "source.git.bundle",
  "source.git.checkoutbundle",
  "source.git.httpauth",
  "source.git.signatureverify",
  "source.git.subdir",
  "source.http.auth",
  "source.http.header",
  "source.http.perm",
  "source.http.signatureverify",
  "source.image.checksum",
  "source.image.layerlimit",
  "source.imageblob",
  "source.local.differ",
  "source.local.metadatatransfer",
  "source.policy",
  "source.policy.session",
];

const enabled = (ids: Iterable<string>) => [...new Set(ids)].sort().map((id) => ({ id, enabled: true }));

export const gatewayCapabilities = enabled(gateway);
export const builderCapabilities = enabled([...Object.values(caps), ...builder, ...sources]);
