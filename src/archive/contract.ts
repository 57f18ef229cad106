/** How a layer's tar is compressed. */
export type Compression = "uncompressed" | "gzip" | "zstd";
