// Generated from src/wire/proto/llb.proto by tools/proto.ts; do not edit.

import { field, type MessageType, unionCase } from "../message.ts";

export const NetMode = {
  UNSET: 0,
  HOST: 1,
  NONE: 2,
} as const;

export const SecurityMode = {
  SANDBOX: 0,
  INSECURE: 1,
} as const;

export const MountType = {
  BIND: 0,
  SECRET: 1,
  SSH: 2,
  CACHE: 3,
  TMPFS: 4,
} as const;

export const MountContentCache = {
  DEFAULT: 0,
  ON: 1,
  OFF: 2,
} as const;

export const CacheSharingOpt = {
  SHARED: 0,
  PRIVATE: 1,
  LOCKED: 2,
} as const;

export interface Op {
  readonly inputs: readonly Input[];
  readonly platform?: Platform;
  readonly constraints?: WorkerConstraints;
  readonly op?:
    | { readonly case: "exec"; readonly value: ExecOp }
    | { readonly case: "source"; readonly value: SourceOp }
    | { readonly case: "file"; readonly value: FileOp }
    | { readonly case: "build"; readonly value: BuildOp }
    | { readonly case: "merge"; readonly value: MergeOp }
    | { readonly case: "diff"; readonly value: DiffOp }
    | { readonly case: "passthrough"; readonly value: PassthroughOp };
}
export const Op: MessageType<Op> = {
  name: "pb.Op",
  fields: [
    field(1, "inputs", () => Input, "list"),
    unionCase(2, "exec", () => ExecOp, "op"),
    unionCase(3, "source", () => SourceOp, "op"),
    unionCase(4, "file", () => FileOp, "op"),
    unionCase(5, "build", () => BuildOp, "op"),
    unionCase(6, "merge", () => MergeOp, "op"),
    unionCase(7, "diff", () => DiffOp, "op"),
    unionCase(8, "passthrough", () => PassthroughOp, "op"),
    field(10, "platform", () => Platform),
    field(11, "constraints", () => WorkerConstraints),
  ],
};

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant: string;
  readonly osVersion: string;
  readonly osFeatures: readonly string[];
}
export const Platform: MessageType<Platform> = {
  name: "pb.Platform",
  fields: [
    field(1, "architecture", "string", "one", "Architecture"),
    field(2, "os", "string", "one", "OS"),
    field(3, "variant", "string", "one", "Variant"),
    field(4, "osVersion", "string", "one", "OSVersion"),
    field(5, "osFeatures", "string", "list", "OSFeatures"),
  ],
};

export interface Input {
  readonly digest: string;
  readonly index: bigint;
}
export const Input: MessageType<Input> = {
  name: "pb.Input",
  fields: [
    field(1, "digest", "string"),
    field(2, "index", "int64"),
  ],
};

export interface WorkerConstraints {
  readonly filter: readonly string[];
}
export const WorkerConstraints: MessageType<WorkerConstraints> = {
  name: "pb.WorkerConstraints",
  fields: [
    field(1, "filter", "string", "list"),
  ],
};

export interface ExecOp {
  readonly meta?: Meta;
  readonly mounts: readonly Mount[];
  readonly network: number;
  readonly security: number;
  readonly secretenv: readonly SecretEnv[];
  readonly cdiDevices: readonly CDIDevice[];
  readonly proxyNetwork: boolean;
}
export const ExecOp: MessageType<ExecOp> = {
  name: "pb.ExecOp",
  fields: [
    field(1, "meta", () => Meta),
    field(2, "mounts", () => Mount, "list"),
    field(3, "network", "enum"),
    field(4, "security", "enum"),
    field(5, "secretenv", () => SecretEnv, "list"),
    field(6, "cdiDevices", () => CDIDevice, "list"),
    field(1000, "proxyNetwork", "bool"),
  ],
};

export interface Meta {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly proxyEnv?: ProxyEnv;
  readonly extraHosts: readonly HostIP[];
  readonly hostname: string;
  readonly ulimit: readonly Ulimit[];
  readonly cgroupParent: string;
  readonly removeMountStubsRecursive: boolean;
  readonly validExitCodes: readonly number[];
}
export const Meta: MessageType<Meta> = {
  name: "pb.Meta",
  fields: [
    field(1, "args", "string", "list"),
    field(2, "env", "string", "list"),
    field(3, "cwd", "string"),
    field(4, "user", "string"),
    field(5, "proxyEnv", () => ProxyEnv),
    field(6, "extraHosts", () => HostIP, "list"),
    field(7, "hostname", "string"),
    field(9, "ulimit", () => Ulimit, "list"),
    field(10, "cgroupParent", "string"),
    field(11, "removeMountStubsRecursive", "bool"),
    field(12, "validExitCodes", "int32", "list"),
  ],
};

export interface HostIP {
  readonly host: string;
  readonly ip: string;
}
export const HostIP: MessageType<HostIP> = {
  name: "pb.HostIP",
  fields: [
    field(1, "host", "string", "one", "Host"),
    field(2, "ip", "string", "one", "IP"),
  ],
};

export interface Ulimit {
  readonly name: string;
  readonly soft: bigint;
  readonly hard: bigint;
}
export const Ulimit: MessageType<Ulimit> = {
  name: "pb.Ulimit",
  fields: [
    field(1, "name", "string", "one", "Name"),
    field(2, "soft", "int64", "one", "Soft"),
    field(3, "hard", "int64", "one", "Hard"),
  ],
};

export interface ProxyEnv {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly ftpProxy: string;
  readonly noProxy: string;
  readonly allProxy: string;
}
export const ProxyEnv: MessageType<ProxyEnv> = {
  name: "pb.ProxyEnv",
  fields: [
    field(1, "httpProxy", "string"),
    field(2, "httpsProxy", "string"),
    field(3, "ftpProxy", "string"),
    field(4, "noProxy", "string"),
    field(5, "allProxy", "string"),
  ],
};

export interface SecretEnv {
  readonly id: string;
  readonly name: string;
  readonly optional: boolean;
}
export const SecretEnv: MessageType<SecretEnv> = {
  name: "pb.SecretEnv",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "name", "string"),
    field(3, "optional", "bool"),
  ],
};

export interface CDIDevice {
  readonly name: string;
  readonly optional: boolean;
}
export const CDIDevice: MessageType<CDIDevice> = {
  name: "pb.CDIDevice",
  fields: [
    field(1, "name", "string"),
    field(2, "optional", "bool"),
  ],
};

export interface Mount {
  readonly input: bigint;
  readonly selector: string;
  readonly dest: string;
  readonly output: bigint;
  readonly readonly: boolean;
  readonly mountType: number;
  readonly tmpfsOpt?: TmpfsOpt;
  readonly cacheOpt?: CacheOpt;
  readonly secretOpt?: SecretOpt;
  readonly sshOpt?: SSHOpt;
  readonly resultID: string;
  readonly contentCache: number;
}
export const Mount: MessageType<Mount> = {
  name: "pb.Mount",
  fields: [
    field(1, "input", "int64"),
    field(2, "selector", "string"),
    field(3, "dest", "string"),
    field(4, "output", "int64"),
    field(5, "readonly", "bool"),
    field(6, "mountType", "enum"),
    field(19, "tmpfsOpt", () => TmpfsOpt, "one", "TmpfsOpt"),
    field(20, "cacheOpt", () => CacheOpt),
    field(21, "secretOpt", () => SecretOpt),
    field(22, "sshOpt", () => SSHOpt, "one", "SSHOpt"),
    field(23, "resultID", "string"),
    field(24, "contentCache", "enum"),
  ],
};

export interface TmpfsOpt {
  readonly size: bigint;
}
export const TmpfsOpt: MessageType<TmpfsOpt> = {
  name: "pb.TmpfsOpt",
  fields: [
    field(1, "size", "int64"),
  ],
};

export interface CacheOpt {
  readonly id: string;
  readonly sharing: number;
}
export const CacheOpt: MessageType<CacheOpt> = {
  name: "pb.CacheOpt",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "sharing", "enum"),
  ],
};

export interface SecretOpt {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}
export const SecretOpt: MessageType<SecretOpt> = {
  name: "pb.SecretOpt",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "uid", "uint32"),
    field(3, "gid", "uint32"),
    field(4, "mode", "uint32"),
    field(5, "optional", "bool"),
  ],
};

export interface SSHOpt {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}
export const SSHOpt: MessageType<SSHOpt> = {
  name: "pb.SSHOpt",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "uid", "uint32"),
    field(3, "gid", "uint32"),
    field(4, "mode", "uint32"),
    field(5, "optional", "bool"),
  ],
};

export interface SourceOp {
  readonly identifier: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const SourceOp: MessageType<SourceOp> = {
  name: "pb.SourceOp",
  fields: [
    field(1, "identifier", "string"),
    field(2, "attrs", "string", "map"),
  ],
};

export interface BuildOp {
  readonly builder: bigint;
  readonly inputs: ReadonlyMap<string, BuildInput>;
  readonly def?: Definition;
  readonly attrs: ReadonlyMap<string, string>;
}
export const BuildOp: MessageType<BuildOp> = {
  name: "pb.BuildOp",
  fields: [
    field(1, "builder", "int64"),
    field(2, "inputs", () => BuildInput, "map"),
    field(3, "def", () => Definition),
    field(4, "attrs", "string", "map"),
  ],
};

export interface BuildInput {
  readonly input: bigint;
}
export const BuildInput: MessageType<BuildInput> = {
  name: "pb.BuildInput",
  fields: [
    field(1, "input", "int64"),
  ],
};

export interface MergeOp {
  readonly inputs: readonly MergeInput[];
}
export const MergeOp: MessageType<MergeOp> = {
  name: "pb.MergeOp",
  fields: [
    field(1, "inputs", () => MergeInput, "list"),
  ],
};

export interface MergeInput {
  readonly input: bigint;
}
export const MergeInput: MessageType<MergeInput> = {
  name: "pb.MergeInput",
  fields: [
    field(1, "input", "int64"),
  ],
};

export interface DiffOp {
  readonly lower?: LowerDiffInput;
  readonly upper?: UpperDiffInput;
}
export const DiffOp: MessageType<DiffOp> = {
  name: "pb.DiffOp",
  fields: [
    field(1, "lower", () => LowerDiffInput),
    field(2, "upper", () => UpperDiffInput),
  ],
};

export interface LowerDiffInput {
  readonly input: bigint;
}
export const LowerDiffInput: MessageType<LowerDiffInput> = {
  name: "pb.LowerDiffInput",
  fields: [
    field(1, "input", "int64"),
  ],
};

export interface UpperDiffInput {
  readonly input: bigint;
}
export const UpperDiffInput: MessageType<UpperDiffInput> = {
  name: "pb.UpperDiffInput",
  fields: [
    field(1, "input", "int64"),
  ],
};

export interface PassthroughOp {
  readonly id: string;
  readonly outputs: readonly bigint[];
}
export const PassthroughOp: MessageType<PassthroughOp> = {
  name: "pb.PassthroughOp",
  fields: [
    field(1, "id", "string"),
    field(2, "outputs", "int64", "list"),
  ],
};

export interface FileOp {
  readonly actions: readonly FileAction[];
}
export const FileOp: MessageType<FileOp> = {
  name: "pb.FileOp",
  fields: [
    field(2, "actions", () => FileAction, "list"),
  ],
};

export interface FileAction {
  readonly input: bigint;
  readonly secondaryInput: bigint;
  readonly output: bigint;
  readonly action?:
    | { readonly case: "copy"; readonly value: FileActionCopy }
    | { readonly case: "mkfile"; readonly value: FileActionMkFile }
    | { readonly case: "mkdir"; readonly value: FileActionMkDir }
    | { readonly case: "rm"; readonly value: FileActionRm }
    | { readonly case: "symlink"; readonly value: FileActionSymlink };
}
export const FileAction: MessageType<FileAction> = {
  name: "pb.FileAction",
  fields: [
    field(1, "input", "int64"),
    field(2, "secondaryInput", "int64"),
    field(3, "output", "int64"),
    unionCase(4, "copy", () => FileActionCopy, "action"),
    unionCase(5, "mkfile", () => FileActionMkFile, "action"),
    unionCase(6, "mkdir", () => FileActionMkDir, "action"),
    unionCase(7, "rm", () => FileActionRm, "action"),
    unionCase(8, "symlink", () => FileActionSymlink, "action"),
  ],
};

export interface FileActionCopy {
  readonly src: string;
  readonly dest: string;
  readonly owner?: ChownOpt;
  readonly mode: number;
  readonly followSymlink: boolean;
  readonly dirCopyContents: boolean;
  readonly attemptUnpackDockerCompatibility: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly timestamp: bigint;
  readonly includePatterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly alwaysReplaceExistingDestPaths: boolean;
  readonly modeStr: string;
  readonly requiredPaths: readonly string[];
}
export const FileActionCopy: MessageType<FileActionCopy> = {
  name: "pb.FileActionCopy",
  fields: [
    field(1, "src", "string"),
    field(2, "dest", "string"),
    field(3, "owner", () => ChownOpt),
    field(4, "mode", "int32"),
    field(5, "followSymlink", "bool"),
    field(6, "dirCopyContents", "bool"),
    field(7, "attemptUnpackDockerCompatibility", "bool"),
    field(8, "createDestPath", "bool"),
    field(9, "allowWildcard", "bool"),
    field(10, "allowEmptyWildcard", "bool"),
    field(11, "timestamp", "int64"),
    field(12, "includePatterns", "string", "list"),
    field(13, "excludePatterns", "string", "list"),
    field(14, "alwaysReplaceExistingDestPaths", "bool"),
    field(15, "modeStr", "string"),
    field(16, "requiredPaths", "string", "list"),
  ],
};

export interface FileActionMkFile {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly owner?: ChownOpt;
  readonly timestamp: bigint;
}
export const FileActionMkFile: MessageType<FileActionMkFile> = {
  name: "pb.FileActionMkFile",
  fields: [
    field(1, "path", "string"),
    field(2, "mode", "int32"),
    field(3, "data", "bytes"),
    field(4, "owner", () => ChownOpt),
    field(5, "timestamp", "int64"),
  ],
};

export interface FileActionSymlink {
  readonly oldpath: string;
  readonly newpath: string;
  readonly owner?: ChownOpt;
  readonly timestamp: bigint;
}
export const FileActionSymlink: MessageType<FileActionSymlink> = {
  name: "pb.FileActionSymlink",
  fields: [
    field(1, "oldpath", "string"),
    field(2, "newpath", "string"),
    field(3, "owner", () => ChownOpt),
    field(4, "timestamp", "int64"),
  ],
};

export interface FileActionMkDir {
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: ChownOpt;
  readonly timestamp: bigint;
}
export const FileActionMkDir: MessageType<FileActionMkDir> = {
  name: "pb.FileActionMkDir",
  fields: [
    field(1, "path", "string"),
    field(2, "mode", "int32"),
    field(3, "makeParents", "bool"),
    field(4, "owner", () => ChownOpt),
    field(5, "timestamp", "int64"),
  ],
};

export interface FileActionRm {
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}
export const FileActionRm: MessageType<FileActionRm> = {
  name: "pb.FileActionRm",
  fields: [
    field(1, "path", "string"),
    field(2, "allowNotFound", "bool"),
    field(3, "allowWildcard", "bool"),
  ],
};

export interface ChownOpt {
  readonly user?: UserOpt;
  readonly group?: UserOpt;
}
export const ChownOpt: MessageType<ChownOpt> = {
  name: "pb.ChownOpt",
  fields: [
    field(1, "user", () => UserOpt),
    field(2, "group", () => UserOpt),
  ],
};

export interface UserOpt {
  readonly user?:
    | { readonly case: "byName"; readonly value: NamedUserOpt }
    | { readonly case: "byID"; readonly value: number };
}
export const UserOpt: MessageType<UserOpt> = {
  name: "pb.UserOpt",
  fields: [
    unionCase(1, "byName", () => NamedUserOpt, "user"),
    unionCase(2, "byID", "uint32", "user"),
  ],
};

export interface NamedUserOpt {
  readonly name: string;
  readonly input: bigint;
}
export const NamedUserOpt: MessageType<NamedUserOpt> = {
  name: "pb.NamedUserOpt",
  fields: [
    field(1, "name", "string"),
    field(2, "input", "int64"),
  ],
};

export interface Definition {
  readonly def: readonly Uint8Array[];
  readonly metadata: ReadonlyMap<string, OpMetadata>;
  readonly source?: Source;
}
export const Definition: MessageType<Definition> = {
  name: "pb.Definition",
  fields: [
    field(1, "def", "bytes", "list"),
    field(2, "metadata", () => OpMetadata, "map"),
    field(3, "source", () => Source, "one", "Source"),
  ],
};

export interface OpMetadata {
  readonly ignoreCache: boolean;
  readonly description: ReadonlyMap<string, string>;
  readonly exportCache?: ExportCache;
  readonly caps: ReadonlyMap<string, boolean>;
  readonly progressGroup?: ProgressGroup;
  readonly linuxResources?: LinuxResources;
}
export const OpMetadata: MessageType<OpMetadata> = {
  name: "pb.OpMetadata",
  fields: [
    field(1, "ignoreCache", "bool"),
    field(2, "description", "string", "map"),
    field(4, "exportCache", () => ExportCache),
    field(5, "caps", "bool", "map"),
    field(6, "progressGroup", () => ProgressGroup),
    field(7, "linuxResources", () => LinuxResources),
  ],
};

export interface ExportCache {
  readonly value: boolean;
}
export const ExportCache: MessageType<ExportCache> = {
  name: "pb.ExportCache",
  fields: [
    field(1, "value", "bool", "one", "Value"),
  ],
};

export interface ProgressGroup {
  readonly id: string;
  readonly name: string;
  readonly weak: boolean;
}
export const ProgressGroup: MessageType<ProgressGroup> = {
  name: "pb.ProgressGroup",
  fields: [
    field(1, "id", "string"),
    field(2, "name", "string"),
    field(3, "weak", "bool"),
  ],
};

export interface LinuxResources {
  readonly memory: bigint;
  readonly memorySwap: bigint;
  readonly cpuShares: bigint;
  readonly cpuPeriod: bigint;
  readonly cpuQuota: bigint;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
}
export const LinuxResources: MessageType<LinuxResources> = {
  name: "pb.LinuxResources",
  fields: [
    field(1, "memory", "int64"),
    field(2, "memorySwap", "int64"),
    field(3, "cpuShares", "uint64"),
    field(4, "cpuPeriod", "uint64"),
    field(5, "cpuQuota", "int64"),
    field(6, "cpusetCpus", "string"),
    field(7, "cpusetMems", "string"),
  ],
};

export interface Source {
  readonly locations: ReadonlyMap<string, Locations>;
  readonly infos: readonly SourceInfo[];
}
export const Source: MessageType<Source> = {
  name: "pb.Source",
  fields: [
    field(1, "locations", () => Locations, "map"),
    field(2, "infos", () => SourceInfo, "list"),
  ],
};

export interface Locations {
  readonly locations: readonly Location[];
}
export const Locations: MessageType<Locations> = {
  name: "pb.Locations",
  fields: [
    field(1, "locations", () => Location, "list"),
  ],
};

export interface SourceInfo {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly definition?: Definition;
  readonly language: string;
}
export const SourceInfo: MessageType<SourceInfo> = {
  name: "pb.SourceInfo",
  fields: [
    field(1, "filename", "string"),
    field(2, "data", "bytes"),
    field(3, "definition", () => Definition),
    field(4, "language", "string"),
  ],
};

export interface Location {
  readonly sourceIndex: number;
  readonly ranges: readonly Range[];
}
export const Location: MessageType<Location> = {
  name: "pb.Location",
  fields: [
    field(1, "sourceIndex", "int32"),
    field(2, "ranges", () => Range, "list"),
  ],
};

export interface Range {
  readonly start?: Position;
  readonly end?: Position;
}
export const Range: MessageType<Range> = {
  name: "pb.Range",
  fields: [
    field(1, "start", () => Position),
    field(2, "end", () => Position),
  ],
};

export interface Position {
  readonly line: number;
  readonly character: number;
}
export const Position: MessageType<Position> = {
  name: "pb.Position",
  fields: [
    field(1, "line", "int32"),
    field(2, "character", "int32"),
  ],
};
