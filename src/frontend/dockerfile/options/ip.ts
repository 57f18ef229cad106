/**
 * 4 or 6 for an address without zone, 0 for anything else. `node:net` is only loaded here: it takes milliseconds at start,
 * and few builds name an address.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (text.includes("%")) return 0;
  return process.getBuiltinModule("node:net").isIP(text) as 0 | 4 | 6;
}

/** As Go prints an address: IPv6 in its shortest form, a mapped IPv4 address as IPv4. Undefined for what is no address. */
export function canonicalIp(text: string): string | undefined {
  const version = ipVersion(text);
  if (version !== 6) return version === 4 ? text : undefined;
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
