import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

const binary = "tree/usr/libexec/docker/cli-plugins/docker-buildx";

/** Debian's later suites, the one with the newest buildx first (from 0.24 on it knows `history`). */
const suites = ["forky", "trixie"];

/**
 * Path of docker-buildx from a later Debian suite than the machine's, or undefined when that cannot be had. Fetched once
 * through the machine's own package source, unpacked beside node_modules, never installed.
 */
export function fetchBuildx(): string | undefined {
  for (const suite of suites) {
    const path = fetchFrom(suite);
    if (path !== undefined) return path;
  }
  return undefined;
}

function fetchFrom(suite: string): string | undefined {
  const folder = resolve(import.meta.dirname, `../../node_modules/.cache/buildx-${suite}`);
  const path = join(folder, binary);
  if (existsSync(path)) return path;
  try {
    const options = laterSuite(suite, folder);
    execFileSync("apt-get", [...options, "update"], { cwd: folder, stdio: "ignore", timeout: 60_000 });
    execFileSync("apt-get", [...options, "download", "docker-buildx"], {
      cwd: folder,
      stdio: "ignore",
      timeout: 60_000,
    });
    const packed = readdirSync(folder).find((name) => name.endsWith(".deb"));
    const made = mkdtempSync(join(folder, "made-"));
    execFileSync("dpkg-deb", ["-x", packed ?? "", join(made, "tree")], { cwd: folder, stdio: "ignore" });
    // It may want a newer C library than the machine has.
    execFileSync(join(made, binary), ["version"], { stdio: "ignore", timeout: 60_000 });
    // Whole and tried, or not there.
    renameSync(join(made, "tree"), join(folder, "tree"));
    rmSync(made, { recursive: true });
    return path;
  } catch {
    return undefined;
  }
}

/** apt options that see one suite and keep everything of theirs in `folder`. */
function laterSuite(suite: string, folder: string): string[] {
  for (const name of ["state/lists/partial", "cache/archives/partial", "parts"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const lines = ["Types: deb", `URIs: ${packageSource()}`, `Suites: ${suite}`, "Components: main"];
  const trusted = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(join(folder, "parts/later.sources"), `${[...lines, trusted].join("\n")}\n`);
  const options = {
    "Dir::State": join(folder, "state"),
    "Dir::Cache": join(folder, "cache"),
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(folder, "parts"),
    "APT::Sandbox::User": "root",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function packageSource(): string {
  const parts = "/etc/apt/sources.list.d";
  const files = [...readdirSync(parts).map((name) => join(parts, name)), "/etc/apt/sources.list"];
  for (const file of files.filter((path) => existsSync(path))) {
    const found = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+)/m.exec(readFileSync(file, "utf8"))?.[1];
    if (found !== undefined) return found;
  }
  throw new Error("no package source");
}
