/** What this program calls itself to every server that it asks: upstream's name first, as allow-lists and statistics go by it. */
export const userAgent = "buildkit/v0.32 cooper/0.1";
