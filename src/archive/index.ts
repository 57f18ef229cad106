/**
 * The room's functions (all wait in the `Scope` they are given, all take hostile input):
 *
 * - `readTar(source, limits?): AsyncGenerator<TarEntry>`.
 * - `tarStream(entries, scope): Bytes`, `encodeTarHeader(header)`, `tarEnd`.
 * - `applyLayer(tar, folder, { form, limits? }, scope): Promise<{ diffId, size }>`: unpacks an uncompressed layer into a snapshot's folder.
 * - `unpackBlob(blob, folder, { form }, scope)`: the same for a blob of any compression, in the fastest way.
 * - `layerTar(changes, options, scope): Bytes`: a snapshot's layer. `treeEntries(folder, options)`: a whole tree's entries (type=tar).
 * - `decompress(blob, scope): Bytes`: finds the compression itself.
 * - `plainTarOf(file, scope): Bytes`: what a layer's blob was made of, for another compression.
 * - `packLayer(tar, choice, sink, scope): Promise<PackedLayer>`: hash, compress, hash, write, in one pass.
 * - `walkTree(root, filter): Generator<TreeEntry>`: a build context's walk, in fsutil's order.
 */
export type { Buffers } from "./compress/buffers.ts";
export { decompress } from "./compress/decompress.ts";
export { packLayer } from "./compress/pack-layer.ts";
export type * from "./contract.ts";
export { plainTarOf } from "./estargz/plain-tar.ts";
export { type AppliedLayer, type ApplyOptions, applyLayer } from "./layer/apply-layer.ts";
export type { Change } from "./layer/changes.ts";
export { layerTar } from "./layer/layer-tar.ts";
export { setTime } from "./layer/metadata.ts";
export { unpackBlob } from "./layer/unpack-blob.ts";
export { isOpaque, isWhiteout } from "./layer/whiteout.ts";
export { readTar } from "./tar/read-tar.ts";
export { pieceBuffers, tarStream } from "./tar/tar-stream.ts";
export { encodeTarHeader, tarEnd } from "./tar/write-header.ts";
export { followLinks } from "./tree/follow-links.ts";
export { type FilterState, PathFilter } from "./tree/path-filter.ts";
export { kernelFiles, lstatBig, type TreeFiles } from "./tree/tree-files.ts";
export { type TreeTarOptions, treeEntries } from "./tree/tree-tar.ts";
export { walkTree } from "./tree/walk-tree.ts";
