import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { StepMount } from "../../executor/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { ImageRoot, Images } from "../../pod/index.ts";
import type { Storage } from "../../storage/index.ts";
import { lsetxattr } from "../../sys/index.ts";

/** Where this package is in the container. */
const home = "/opt/cooper";
const commandsFolder = `${home}-commands`;
const commands = ["buildctl", "buildctl-daemonless.sh", "buildkitd", "cooper"];

/** Whether an image is BuildKit's own, of Docker's registry. */
export function isBuildkitImage(name: string): boolean {
  return /^(?:(?:index\.)?docker\.io\/)?moby\/buildkit(?:[:@].*)?$/.test(name);
}

/** `images`, but BuildKit's own image is this very Cooper: nothing is pulled for it. */
export function withSelfImage(images: Images, storage: Storage): Images {
  return {
    open: (name, policy, scope) => (isBuildkitImage(name) ? openSelf(name, storage) : images.open(name, policy, scope)),
  };
}

/**
 * A root file system of this machine's programs, read-only, with folders of its own to write in, and Cooper's commands on the path. As in
 * BuildKit's image there are /bin/sh, git and runc, if the machine has them.
 */
async function openSelf(name: string, storage: Storage): Promise<ImageRoot> {
  const folder = await storage.temporaryFolder("self-image");
  const rootless = /:.*rootless/.test(name);
  try {
    const root = join(folder.path, "root");
    makeFolders(root);
    const mounts = [...machineMounts(root), ...machineEtc(root), ...cooperMounts(join(folder.path, "commands"))];
    return {
      path: root,
      mounts,
      config: {
        env: [
          `PATH=${commandsFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
          ...(rootless ? rootlessEnv : []),
        ],
        entrypoint: ["buildkitd"],
        cmd: [],
        workingDir: "",
        user: rootless ? "1000:1000" : "",
      },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** Those of BuildKit's rootless image. */
const rootlessEnv = ["USER=user", "HOME=/home/user", "XDG_RUNTIME_DIR=/run/user/1000", "TMPDIR=/home/user/.local/tmp"];

function makeFolders(root: string): void {
  mkdirSync(root, { mode: 0o755 });
  chmodSync(dirname(root), 0o755);
  const folders = [
    "dev",
    "etc",
    "home",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "srv",
    "sys",
    "tmp",
    "var/lib",
    "var/tmp",
    "var/cache",
    "workspace",
  ];
  for (const folder of [...folders, home.slice(1), commandsFolder.slice(1)])
    mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  for (const open of ["tmp", "var/tmp"]) chmodSync(join(root, open), 0o1777);
  for (const own of ["home/user", "home/user/.local/tmp", "home/user/.local/share/buildkit", "run/user/1000"]) {
    mkdirSync(join(root, own), { recursive: true });
    // Whoever the container runs as may write there.
    chmodSync(join(root, own), 0o777);
  }
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  for (const ids of ["subuid", "subgid"]) writeFileSync(join(root, "etc", ids), "user:100000:65536\n");
}

/** /usr and what belongs to it: a link where it is one here, else the folder itself. */
function machineMounts(root: string): readonly StepMount[] {
  return ["bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"].flatMap((name): readonly StepMount[] => {
    const path = `/${name}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (stats.isSymbolicLink()) {
      symlinkSync(readlinkSync(path), join(root, name));
      return [];
    }
    return [bind(path, path)];
  });
}

/** What programs read of /etc to run at all, and to trust servers; nothing that is this machine's business. */
function machineEtc(root: string): readonly StepMount[] {
  for (const file of ["ld.so.cache", "ld.so.conf", "mime.types", "protocols", "services", "localtime"]) {
    const path = `/etc/${file}`;
    if (existsSync(path) && statSync(path).isFile()) copyFileSync(path, join(root, path));
  }
  const folders = ["alternatives", "ca-certificates", "ld.so.conf.d", "pki", "ssl"].map((name) => `/etc/${name}`);
  return folders.filter((path) => existsSync(path) && statSync(path).isDirectory()).map((path) => bind(path, path));
}

/** The package, Node, and a command for each of its programs, also where BuildKit's image has them. */
function cooperMounts(folder: string): readonly StepMount[] {
  const entries = entryFolder();
  const top = packageRoot(entries.folder);
  const placed = (path: string) => (path.startsWith(`${top}/`) ? join(home, relative(top, path)) : path);
  const node = process.execPath;
  const inside = node.startsWith(`${top}/`) || node.startsWith("/usr/");
  const program = inside ? placed(node) : "/opt/node";
  mkdirSync(folder, { mode: 0o755 });
  for (const command of commands) {
    const script = join(placed(entries.folder), `${command.replace(/\.sh$/, "")}${entries.extension}`);
    writeFileSync(join(folder, command), `#!/bin/sh\nexec '${program}' '${script}' "$@"\n`, { mode: 0o755 });
    chmodSync(join(folder, command), 0o755);
  }
  for (const [name, capability] of mapPrograms) addMapProgram(folder, name, capability);
  return [
    bind(top, home),
    ...(inside ? [] : [bind(node, program)]),
    ...moduleMounts(top),
    bind(folder, commandsFolder),
    ...(existsSync("/usr/local/bin") ? [bind(folder, "/usr/local/bin")] : []),
  ];
}

/** Programs that give a user namespace its ids, and the one capability (its bit) that each needs. */
const mapPrograms = [
  ["newuidmap", 7],
  ["newgidmap", 6],
] as const;

/**
 * A copy of this machine's, with that capability in place of the set-user-id bit: with the bit it does not work in a container without
 * CAP_SYS_ADMIN. Where that cannot be written the machine's own is used.
 */
function addMapProgram(folder: string, name: string, capability: number): void {
  const original = ["/usr/bin", "/bin"].map((bin) => join(bin, name)).find((path) => existsSync(path));
  if (original === undefined) return;
  const copy = join(folder, name);
  copyFileSync(original, copy);
  chmodSync(copy, 0o755);
  // linux/capability.h, vfs_cap_data: revision 2 with the effective bit, then permitted and inheritable, low and high.
  const value = Buffer.alloc(20);
  value.writeUInt32LE(0x02000001, 0);
  value.writeUInt32LE(1 << capability, 4);
  try {
    lsetxattr(copy, "security.capability", value);
  } catch {
    rmSync(copy);
  }
}

/** Where the programs of the commands are: the bundle's folder, or that of the sources. */
function entryFolder(): { readonly folder: string; readonly extension: string } {
  if (!import.meta.filename.endsWith(".ts")) return { folder: import.meta.dirname, extension: ".js" };
  return { folder: join(import.meta.dirname, "../../cli/entry"), extension: ".ts" };
}

function packageRoot(from: string): string {
  for (let folder = from; folder !== "/"; folder = dirname(folder)) {
    if (existsSync(join(folder, "bin/launch.sh"))) return folder;
  }
  throw new CooperError(
    "pipeline/no-self",
    "cannot stand in for moby/buildkit: this Cooper is not where its package is",
    {
      hint: "use --real-images",
    },
  );
}

/** Packages that an installation keeps beside this one, and not in it. */
function moduleMounts(top: string): readonly StepMount[] {
  if (existsSync(join(top, "node_modules/koffi"))) return [];
  const koffi = dirname(createRequire(join(top, "package.json")).resolve("koffi/package.json"));
  const modules = dirname(koffi);
  return readdirSync(modules).length > 0 ? [bind(modules, "/opt/node_modules")] : [];
}

function bind(source: string, target: string): StepMount {
  return { kind: "bind", source, target, readonly: true };
}
