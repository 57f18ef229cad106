/**
 * The room's functions (all wait in the `Scope` they are given, all take hostile input):
 *
 * - `readTar(source, limits?): AsyncGenerator<TarEntry>` and the faster push parser `TarParser`.
 * - `tarStream(entries, scope): Bytes`, `encodeTarHeader(header)`, `tarEnd`.
 * - `applyLayer(tar, folder, { form, limits? }, scope): Promise<{ diffId, size }>`: unpacks an uncompressed layer into a snapshot's folder.
 * - `unpackBlob(blob, folder, { form }, scope)`: the same for a blob of any compression, in the fastest way.
 * - `layerTar(changes, options, scope): Bytes`: a snapshot's layer. `treeTar(folder, options, scope): Bytes`: a whole tree (type=tar).
 * - `compress(tar, choice, scope): Bytes`, `decompress(blob, scope): Bytes` (finds the compression itself), `detectCompression(head)`.
 * - `plainTarOf(file, scope): Bytes`: what a layer's blob was made of, for another compression.
 * - `packLayer(tar, choice, sink, scope): Promise<PackedLayer>`: hash, compress, hash, write, in one pass.
 * - `walkTree(root, filter): Generator<TreeEntry>`: a build context's walk, in fsutil's order.
 */
export type { Buffers } from "./compress/buffers.ts";
export { compress } from "./compress/compress.ts";
export { decompress, detectCompression } from "./compress/decompress.ts";
export { ahead, mapOrdered, rechunk } from "./compress/ordered.ts";
export { packLayer } from "./compress/pack-layer.ts";
export type * from "./contract.ts";
export { plainTarOf } from "./estargz/plain-tar.ts";
export { type AppliedLayer, type ApplyOptions, applyLayer } from "./layer/apply-layer.ts";
export { type Change, changesOf } from "./layer/changes.ts";
export { layerTar } from "./layer/layer-tar.ts";
export { type Found, LayeredTree } from "./layer/layered-tree.ts";
export { setTime } from "./layer/metadata.ts";
export { unpackBlob } from "./layer/unpack-blob.ts";
export { isOpaque, isWhiteout, makeOpaque, makeWhiteout } from "./layer/whiteout.ts";
export { defaultTarLimits, TarParser, type TarSink } from "./tar/parser.ts";
export { readTar } from "./tar/read-tar.ts";
export { pieceBuffers, tarStream } from "./tar/tar-stream.ts";
export { encodeTarHeader, tarEnd } from "./tar/write-header.ts";
export { followLinks } from "./tree/follow-links.ts";
export { type FilterState, PathFilter } from "./tree/path-filter.ts";
export { kernelFiles, lstatBig, type TreeFiles } from "./tree/tree-files.ts";
export { type TreeTarOptions, treeEntries, treeTar } from "./tree/tree-tar.ts";
export { walkTree } from "./tree/walk-tree.ts";
