import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { RegistryOptions } from "../../client/index.ts";
import { CooperError, messageOf } from "../../kit/index.ts";
import { type Config, read } from "./toml.ts";

/** The `[registry]` table: how to reach each registry, by host. */
export function registriesOf(config: Config): Record<string, RegistryOptions> {
  const table = read.table(config, "registry");
  return Object.fromEntries(Object.keys(table).map((host) => [host, registryOf(read.table(table, host))]));
}

function registryOf(table: Config): RegistryOptions {
  const folders = (read.strings(table, "tlsconfigdir") ?? []).map(tlsFolder);
  const pairs = read.tables(table, "keypair").map((pair) => ({
    key: read.string(pair, "key") ?? "",
    cert: read.string(pair, "cert") ?? "",
  }));
  const mirrors = read.strings(table, "mirrors");
  const http = read.boolean(table, "http");
  const insecure = read.boolean(table, "insecure");
  const ca = [...(read.strings(table, "ca") ?? []), ...folders.flatMap((folder) => folder.ca)];
  const keyPairs = [...pairs, ...folders.flatMap((folder) => folder.keyPairs)];
  return {
    ...(mirrors === undefined ? {} : { mirrors }),
    ...(http === undefined ? {} : { http }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(ca.length === 0 ? {} : { ca }),
    ...(keyPairs.length === 0 ? {} : { keyPairs }),
  };
}

/** A folder as docker keeps them in /etc/docker/certs.d: `*.crt` authorities, `*.cert` with `*.key` for the client. */
function tlsFolder(folder: string): Required<Pick<RegistryOptions, "ca" | "keyPairs">> {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (cause) {
    throw new CooperError("cli/bad-config", `cannot read tlsconfigdir ${folder}: ${messageOf(cause)}`, { cause });
  }
  const clients = names.filter((name) => name.endsWith(".cert"));
  return {
    ca: names.filter((name) => name.endsWith(".crt")).map((name) => join(folder, name)),
    keyPairs: clients.map((name) => ({
      cert: join(folder, name),
      key: join(folder, name.replace(/\.cert$/, ".key")),
    })),
  };
}
