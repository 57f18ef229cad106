/**
 * The text of `--metadata-file`: the exporters' response by sorted key; a value that is base64 of a JSON object is shown
 * as that object. Byte for byte what upstream writes.
 */
export function metadataText(response: Readonly<Record<string, string>>): string {
  const entries = Object.entries(response).sort(([a], [b]) => (a < b ? -1 : 1));
  const value = Object.fromEntries(entries.map(([key, text]) => [key, decoded(text) ?? text]));
  return JSON.stringify(value, undefined, 2).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function decoded(text: string): object | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && Object.keys(value).length > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
