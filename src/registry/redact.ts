/** Query parameters that are part of the registry protocol and never secret. */
const harmless = new Set(["scope", "service", "ns", "mount", "from", "digest", "client_id", "offline_token"]);

/**
 * A URL as it may be shown: user information is dropped, and every query value but those of the registry protocol itself
 * (a signed storage URL carries its signature there) is blanked. The only way for a URL into a message or log.
 */
export function redact(url: URL | string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "[unparsable URL]";
  }
  const base = `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  const query = [...parsed.searchParams].map(([key, value]) => {
    const shown = harmless.has(key) ? value : "REDACTED";
    return `${encodeURIComponent(key)}=${encodeURIComponent(shown)}`;
  });
  return query.length === 0 ? base : `${base}?${query.join("&")}`;
}
