/** Cases in which Cooper knowingly differs from upstream, each with its reason. */
export const exceptions: ReadonlyMap<string, string> = new Map([]);
