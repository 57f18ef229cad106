/**
 * The URL with `xxxxx` for user and password, each where it is there: `https://xxxxx:xxxxx@host/path`. What is no URL with a user
 * stays as it is.
 */
export function redactCredentials(text: string): string {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/s.exec(text);
  if (match === null) return text;
  const [, scheme = "", user = "", rest = ""] = match;
  // A user with an @ in it is cut at the last one before the path, so nothing of it is left in `rest`.
  const colon = user.indexOf(":");
  const name = colon < 0 ? user : user.slice(0, colon);
  const masked = name === "" ? "" : mask;
  return `${scheme}${masked}${colon < 0 ? "" : `:${mask}`}@${rest}`;
}

const mask = "xxxxx";
