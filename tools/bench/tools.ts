/** The commands that are compared: Cooper, upstream when it is given, buildah when it is installed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Ask {
  readonly context: string;
  readonly root: string;
  readonly output: string;
  readonly registry: string;
}
export interface Tool {
  readonly name: string;
  /** Undefined when the tool cannot do what is asked. */
  readonly command: (
    ask: Ask,
  ) => { readonly argv: readonly string[]; readonly env: Record<string, string> } | undefined;
  /** Empties the tool's root. */
  readonly reset: (root: string) => void;
}

const removeRoot = (root: string) => {
  const gone = spawnSync("rm", ["-rf", "--one-file-system", root], { encoding: "utf8" });
  if (gone.status !== 0) throw new Error(`cannot empty ${root}: ${gone.stderr}`);
};

function daemonless(name: string, bin: string): Tool {
  return {
    name,
    reset: removeRoot,
    command: ({ context, root, output, registry }) => {
      mkdirSync(root, { recursive: true });
      const config = join(root, "..", "buildkitd.toml");
      writeFileSync(config, `[registry."${registry}"]\n  http = true\n`);
      const argv = [join(bin, "buildctl-daemonless.sh"), "build", "--frontend", "dockerfile.v0", "--progress=plain"];
      argv.push("--local", `context=${context}`, "--local", `dockerfile=${context}`);
      if (output !== "") argv.push("--output", output);
      const env = { BUILDKITD_FLAGS: `--root ${root} --config ${config}`, PATH: `${bin}:${process.env.PATH ?? ""}` };
      return { argv, env };
    },
  };
}

const buildah: Tool = {
  name: "buildah",
  reset: (root) => {
    const env = { ...process.env, STORAGE_DRIVER: "overlay" };
    spawnSync("buildah", ["--root", join(root, "data"), "--runroot", join(root, "run"), "rmi", "-a", "-f"], { env });
    removeRoot(root);
  },
  command: ({ context, root, output, registry }) => {
    // buildah 1.28 knows no type= outputs other than tar and local: an export is its commit plus a push.
    if (output.includes("push=true")) return undefined;
    mkdirSync(root, { recursive: true });
    const store = `--root ${join(root, "data")} --runroot ${join(root, "run")}`;
    const build = `buildah ${store} build --isolation chroot --layers --tls-verify=false -t bench:latest ${context}`;
    const file = /dest=([^,]+)/.exec(output)?.[1];
    const zstd = output.includes("zstd") ? "--compression-format zstd" : "";
    const script =
      file === undefined
        ? build
        : `${build} && rm -f ${file} && buildah ${store} push ${zstd} bench:latest oci-archive:${file}`;
    void registry;
    return { argv: ["sh", "-ec", script], env: { STORAGE_DRIVER: "overlay" } };
  },
};

/** Cooper always; upstream from `reference`; buildah when it is on PATH. */
export function availableTools(project: string, reference: string | undefined): Tool[] {
  const tools = [daemonless("cooper", join(project, "bin"))];
  if (reference !== undefined) {
    if (!existsSync(join(reference, "buildctl-daemonless.sh"))) {
      throw new Error(`REFERENCE=${reference}: no buildctl-daemonless.sh in it`);
    }
    tools.push(daemonless("reference", reference));
  }
  if (spawnSync("buildah", ["--version"]).status === 0) tools.push(buildah);
  return tools;
}
