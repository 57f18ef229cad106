import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { hostProfile } from "../../src/executor/testing/index.ts";
import { lsetxattr } from "../../src/sys/index.ts";

export type Rights = "privileged" | "rootless" | "baseline" | "restricted";

/** What else is there or missing. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Further folders of the machine that can be written. */
  readonly writable?: readonly string[];
  /** Files that stand in for others: path in the container to path on the machine. */
  readonly instead?: Readonly<Record<string, string>>;
  /** System calls that fail with this errno, beside those that the rights refuse. */
  readonly refuse?: Readonly<Record<string, number>>;
  /** System calls that the filter lets pass, as a `Localhost` profile may. */
  readonly allow?: readonly string[];
  /** System calls that kill the caller (SIGSYS). */
  readonly kill?: readonly string[];
  /** The user has subordinate ids, 65536 of them (default: yes). */
  readonly subordinateIds?: boolean;
  /**
   * How newuidmap and newgidmap get their right: by file capabilities (default), or by their set-user-id bit, as Debian has it, which does not
   * do in a container without CAP_SYS_ADMIN: the kernel then asks for that.
   */
  readonly idMappers?: "capabilities" | "set-user-id";
  /** No filter, as on clusters that have no default one. */
  readonly unfiltered?: boolean;
  /** `procMount: Unmasked`. */
  readonly unmaskedProc?: boolean;
  /** The cgroup file systems can be written (default: in a privileged container). */
  readonly writableCgroups?: boolean;
  readonly noexecTmp?: boolean;
  /** The last word on what the runtime is told. */
  readonly amend?: (spec: AmendableSpec) => void;
}

/** What of the runtime's configuration a test may want otherwise. */
export interface AmendableSpec {
  process: {
    user: { uid: number; gid: number; umask?: number };
    capabilities: Record<string, string[]>;
    env: string[];
    rlimits?: { type: string; soft: number; hard: number }[];
  };
  root: { readonly: boolean };
  mounts: { destination: string; type: string; source: string; options: string[] }[];
  linux: { maskedPaths: string[]; readonlyPaths: string[]; resources: Record<string, unknown> };
}

interface BundleInput extends Surroundings {
  readonly id: string;
  readonly rights: Rights;
  readonly folder: string;
  readonly command: readonly string[];
}

const repository = resolve(import.meta.dirname, "../..");
const user = 1000;

export function userId(rights: Rights): number {
  return rights === "privileged" || rights === "baseline" ? 0 : user;
}

/** Writes a bundle for runc into `bundle`: a root folder that holds links and mount points only, and config.json. */
export function rightsBundle(bundle: string, input: BundleInput): void {
  const rootfs = join(bundle, "rootfs");
  mkdirSync(rootfs, { recursive: true });
  for (const name of ["tmp", "run", "var", "root"]) mkdirSync(join(rootfs, name));
  const shown = machineFolders();
  for (const name of shown.links) symlinkSync(readlinkSync(`/${name}`), join(rootfs, name));
  writeUsers(bundle, input.subordinateIds ?? true);
  if (input.rights === "rootless") copyIdMappers(bundle);
  // A copy: the amendments are this container's alone.
  const config = JSON.parse(JSON.stringify(spec(bundle, rootfs, shown.folders, input)));
  input.amend?.(config);
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
}

/** The machine's programs: what of `/usr`, `/bin`, `/lib…` is a folder and what a link. */
function machineFolders(): { folders: string[]; links: string[] } {
  const names = readdirSync("/").filter((name) => /^(usr|bin|sbin|lib.*|etc|opt)$/.test(name));
  const links = names.filter((name) => lstatSync(`/${name}`).isSymbolicLink());
  return { links, folders: names.filter((name) => !links.includes(name)) };
}

function writeUsers(bundle: string, subordinateIds: boolean): void {
  writeFileSync(
    join(bundle, "passwd"),
    `root:x:0:0:root:/root:/bin/sh\nuser:x:${user}:${user}::/home/user:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
  );
  writeFileSync(join(bundle, "group"), `root:x:0:\nuser:x:${user}:\nnogroup:x:65534:\n`);
  const range = subordinateIds ? "user:100000:65536\n" : "";
  for (const name of ["subuid", "subgid"]) writeFileSync(join(bundle, name), range);
}

/** Programs that may set ids, and that only: capability 7 (CAP_SETUID) or 6 (CAP_SETGID), capabilities(7). */
function copyIdMappers(bundle: string): void {
  for (const [name, bit] of [
    ["newuidmap", 7],
    ["newgidmap", 6],
  ] as const) {
    const copy = join(bundle, name);
    copyFileSync(`/usr/bin/${name}`, copy);
    chmodSync(copy, 0o755);
    const capability = Buffer.alloc(20);
    capability.writeUInt32LE(0x02000001, 0);
    capability.writeUInt32LE(1 << bit, 4);
    lsetxattr(copy, "security.capability", capability);
  }
}

function spec(bundle: string, rootfs: string, folders: readonly string[], input: BundleInput) {
  const { rights } = input;
  const id = userId(rights);
  const privileged = rights === "privileged";
  const filter = (rights === "baseline" || rights === "restricted") && input.unfiltered !== true;
  const root = id === 0;
  const bounding = privileged ? allCapabilities() : defaultCapabilities;
  const capabilities = rights === "restricted" ? [] : bounding;
  const held = root ? capabilities : [];
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: id, gid: id },
      args: input.command,
      env: Object.entries(environment(input)).map(([name, value]) => `${name}=${value}`),
      cwd: input.cwd ?? join(input.folder, "work"),
      capabilities: { bounding: capabilities, permitted: held, effective: held, inheritable: [], ambient: [] },
      noNewPrivileges: rights === "restricted",
    },
    root: { path: rootfs, readonly: false },
    hostname: "pod",
    mounts: mounts(bundle, folders, input),
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      resources: { devices: [{ allow: privileged, access: "rwm" }] },
      cgroupsPath: `/cooper-rights/${input.id}`,
      maskedPaths: privileged || input.unmaskedProc === true ? [] : maskedPaths,
      readonlyPaths: privileged || input.unmaskedProc === true ? [] : readonlyPaths,
      ...seccomp(input, filter),
    },
  };
}

function environment(input: BundleInput): Record<string, string> {
  const node = dirname(process.execPath);
  return {
    PATH: `${node}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: join(input.folder, "home"),
    TMPDIR: join(input.folder, "tmp"),
    // Tests' leftovers are known by it (leftovers.ts).
    COOPER_RIGHTS: input.rights,
    ...input.env,
  };
}

function mounts(bundle: string, folders: readonly string[], input: BundleInput) {
  const bind = (source: string, destination: string, options: readonly string[]) => ({
    destination,
    type: "bind",
    source,
    options: ["rbind", ...options],
  });
  const users = ["passwd", "group", "subuid", "subgid"].filter((name) => existsSync(`/etc/${name}`));
  const outside = [repository, dirname(process.execPath)].filter((path) => !path.startsWith("/usr/"));
  const flags = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc", options: flags },
    { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666"],
    },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...flags, "mode=1777", "size=65536k"] },
    {
      destination: "/sys",
      type: "sysfs",
      source: "sysfs",
      options: [...flags, input.rights === "privileged" ? "rw" : "ro"],
    },
    ...((input.writableCgroups ?? input.rights === "privileged")
      ? [bind("/sys/fs/cgroup", "/sys/fs/cgroup", ["rw"])]
      : [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...flags, "ro"] }]),
    ...folders.map((name) => bind(`/${name}`, `/${name}`, ["ro"])),
    ...users.map((name) => bind(join(bundle, name), `/etc/${name}`, ["ro"])),
    {
      destination: "/tmp",
      type: "tmpfs",
      source: "tmpfs",
      options: ["mode=1777", input.noexecTmp === true ? "noexec" : "exec"],
    },
    { destination: "/var", type: "tmpfs", source: "tmpfs", options: ["mode=755"] },
    ...outside.map((path) => bind(path, path, ["ro"])),
    ...(input.rights === "rootless" && input.idMappers !== "set-user-id"
      ? ["newuidmap", "newgidmap"].map((name) => bind(join(bundle, name), `/usr/bin/${name}`, ["ro"]))
      : []),
    bind(input.folder, input.folder, ["rw"]),
    ...(input.writable ?? []).map((path) => bind(path, path, ["rw"])),
    ...Object.entries(input.instead ?? {}).map(([path, source]) => bind(source, path, ["ro"])),
  ];
}

/** libseccomp refuses a call twice in one profile with different actions, so special ones are taken out of the general rules. */
function seccomp(input: BundleInput, filter: boolean): object {
  const refused = Object.entries(input.refuse ?? {});
  const allowed = input.allow ?? [];
  const special = new Set([...refused.map(([name]) => name), ...(input.kill ?? []), ...allowed]);
  if (!filter && special.size === 0) return {};
  const general = filter
    ? hostProfile()
    : { defaultAction: "SCMP_ACT_ALLOW", architectures: hostProfile().architectures, syscalls: [] };
  const rules = general.syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !special.has(name)) }))
    .filter(({ names }) => names.length > 0);
  const errors = refused.map(([name, errno]) => ({ names: [name], action: "SCMP_ACT_ERRNO", errnoRet: errno }));
  const kills = (input.kill ?? []).map((name) => ({ names: [name], action: "SCMP_ACT_KILL_PROCESS" }));
  const passes = allowed.length > 0 ? [{ names: allowed, action: "SCMP_ACT_ALLOW" }] : [];
  return { seccomp: { ...general, syscalls: [...rules, ...errors, ...kills, ...passes] } };
}

const defaultCapabilities =
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
    .split(" ")
    .map((name) => `CAP_${name}`);

/** What the tests themselves have, which on a virtual machine may be less than all. */
function allCapabilities(): string[] {
  return [
    ...defaultCapabilities,
    "CAP_SYS_ADMIN",
    "CAP_SYS_PTRACE",
    "CAP_NET_ADMIN",
    "CAP_DAC_READ_SEARCH",
    "CAP_IPC_LOCK",
  ];
}

/** containerd's, as a pod gets them. */
const maskedPaths = "acpi asound kcore keys latency_stats timer_list timer_stats sched_debug scsi"
  .split(" ")
  .map((name) => `/proc/${name}`)
  .concat("/sys/firmware", "/sys/devices/virtual/powercap");
const readonlyPaths = "bus fs irq sys sysrq-trigger".split(" ").map((name) => `/proc/${name}`);
