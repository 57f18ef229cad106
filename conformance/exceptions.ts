/** Cases in which Cooper knowingly differs from upstream: name and reason. The aim is none. */
export const exceptions: ReadonlyMap<string, string> = new Map([]);
