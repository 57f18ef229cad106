/**
 * The room's functions (all wait in the `Scope` they are given, all take hostile input):
 *
 * - `readTar(source, limits?): AsyncGenerator<TarEntry>` and the faster push parser `TarParser`.
 * - `tarStream(entries, scope): Bytes`, `encodeTarHeader(header)`, `tarEnd`.
 * - `applyLayer(tar, folder, { form, limits? }, scope): Promise<{ size }>`: unpacks an uncompressed layer into a snapshot's folder.
 * - `layerTar(changes, options, scope): Bytes`: a snapshot's layer. `treeTar(folder, options, scope): Bytes`: a whole tree (type=tar).
 * - `compress(tar, choice, scope): Bytes`, `decompress(blob, scope): Bytes` (finds the compression itself), `detectCompression(head)`.
 * - `packLayer(tar, choice, sink, scope): Promise<PackedLayer>`: hash, compress, hash, write, in one pass.
 * - `walkTree(root, filter): Generator<TreeEntry>`: a build context's walk, in fsutil's order.
 */
export type * from "./contract.ts";
