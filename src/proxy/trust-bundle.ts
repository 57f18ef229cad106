import { closeSync, constants, fstatSync, ftruncateSync, futimesSync, openSync, readSync, writeSync } from "node:fs";
import { openat2, Resolve } from "../sys/index.ts";

/** Where systems have the certificates that they trust; the first one that is there counts. */
const places = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const largest = 10 << 20;
const [begin, end] = ["\n# buildkit proxy CA begin\n", "# buildkit proxy CA end\n"];

/**
 * Adds a certificate to what programs in the tree at `root` trust. The answer takes it out again, wherever the step has left it by then. Links
 * cannot lead out of the tree. A tree without such a file stays as it is.
 */
export function trustIn(root: string, certificate: string): () => void {
  let before = "";
  const appended = (text: string) => {
    before = text;
    return `${text}${text.endsWith("\n") ? "" : "\n"}${begin}${certificate}${end}`;
  };
  const place = places.find((path) => edit(root, path, appended));
  return () => {
    if (place === undefined) return;
    edit(root, place, (text) => (text === appended(before) ? before : without(text, certificate)));
  };
}

/** Without what was added, and without the certificate where the step has copied it to. */
function without(text: string, certificate: string): string {
  const added = `${begin}${certificate}${end}`;
  return (text.includes(added) ? text.replace(added, "") : text).replaceAll(certificate, "");
}

/** False: there is no such file. What it is and when it changed stay as they were. */
function edit(root: string, path: string, change: (text: string) => string): boolean {
  const folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  let file: number | undefined;
  try {
    file = openat2(folder, path, {
      flags: constants.O_RDWR | constants.O_NONBLOCK,
      resolve: Resolve.inRoot | Resolve.noMagicLinks,
    });
    const info = fstatSync(file);
    if (!info.isFile() || info.size > largest) return false;
    const bytes = Buffer.alloc(info.size);
    const length = readSync(file, bytes, 0, info.size, 0);
    const text = bytes.subarray(0, length).toString("latin1");
    const next = change(text);
    if (next === text) return true;
    const changed = Buffer.from(next, "latin1");
    writeSync(file, changed, 0, changed.length, 0);
    ftruncateSync(file, changed.length);
    futimesSync(file, info.atime, info.mtime);
    return true;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
    closeSync(folder);
  }
}
