/** The version of upstream's that this program does the work of. */
export const upstreamVersion = "v0.32";

/** What this program calls itself to every server that it asks: upstream's name first, as allow-lists and statistics go by it. */
export const userAgent = `buildkit/${upstreamVersion} cooper/0.1`;
