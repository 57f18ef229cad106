/**
 * The typed model of a Dockerfile: what `parseInstructions` makes of the lines that `parseDockerfile` found.
 * Values are as written, before variable expansion; `expandInstruction` (expand.ts) gives the expanded copy.
 */
import type { SourceRange } from "../../contract.ts";

/** One entry per source line, as upstream reports places: an instruction of three lines has three ranges. */
export type Location = readonly SourceRange[];

/** What all instructions have in common. */
export interface InstructionBase {
  /** The command word as written (`RUN`, `run`, `Run`). */
  readonly name: string;
  /** The logical line: continuations joined, comments and heredoc bodies left out, trimmed. Upstream's `String()`. */
  readonly code: string;
  readonly location: Location;
  /** Text of the comment lines directly above, without `#`; a bare `#` line starts over. */
  readonly comments: readonly string[];
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Written in the legacy form `KEY value`. */
  readonly noDelim: boolean;
}

export interface ArgPair {
  readonly key: string;
  /** Undefined for `ARG NAME`, which differs from `ARG NAME=`. */
  readonly value: string | undefined;
  /** From a comment `# NAME description` above; "" without one. */
  readonly docComment: string;
}

/** A source of COPY and ADD that the Dockerfile itself holds. */
export interface SourceContent {
  /** The heredoc's name, which is the file's name. */
  readonly path: string;
  readonly data: string;
  /** False when the heredoc's name was quoted. */
  readonly expand: boolean;
}

export interface SourcesAndDest {
  readonly destPath: string;
  readonly sourcePaths: readonly string[];
  readonly sourceContents: readonly SourceContent[];
}

/** A heredoc of RUN. `data` is as written; when `chomp`, leading tabs are still to be removed (`chompHeredoc`). */
export interface InlineFile {
  readonly name: string;
  readonly data: string;
  readonly chomp: boolean;
}

export interface CommandLine {
  /** Exec form: the JSON array. Shell form: one element (none when there were no arguments). */
  readonly cmdLine: readonly string[];
  readonly files: readonly InlineFile[];
  /** True in shell form. */
  readonly prependShell: boolean;
}

export type MountType = "bind" | "cache" | "tmpfs" | "secret" | "ssh";
export type MountSharing = "shared" | "private" | "locked";

/** One `RUN --mount`, read after expansion by `readMounts`. Empty strings mean "not given". */
export interface RunMount {
  readonly type: MountType;
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Bytes; 0 when not given. */
  readonly sizeLimit: number;
  /** The `id` key (caches, secrets, ssh). */
  readonly id: string;
  readonly sharing: MountSharing | "";
  readonly required: boolean;
  /** Undefined: not given. "" asks for the default name. */
  readonly env: string | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** A `--mount` flag before expansion: only `from` is known, and it never expands. */
export interface MountFlag {
  readonly text: string;
  readonly from: string;
}

export interface RunDevice {
  readonly name: string;
  readonly required: boolean;
}

/** As the image spec has it: durations in nanoseconds, 0 when not given. */
export interface Healthcheck {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`. */
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: "arg";
  readonly args: readonly ArgPair[];
}
export interface EnvInstruction extends InstructionBase {
  readonly kind: "env";
  readonly env: readonly KeyValue[];
}
export interface LabelInstruction extends InstructionBase {
  readonly kind: "label";
  readonly labels: readonly KeyValue[];
}
export interface MaintainerInstruction extends InstructionBase {
  readonly kind: "maintainer";
  readonly maintainer: string;
}
export interface AddInstruction extends InstructionBase, SourcesAndDest {
  readonly kind: "add";
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly excludePatterns: readonly string[];
  readonly checksum: string;
  /** Undefined when the flag was not given. */
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
}
export interface CopyInstruction extends InstructionBase, SourcesAndDest {
  readonly kind: "copy";
  readonly from: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly excludePatterns: readonly string[];
}
export interface RunInstruction extends InstructionBase, CommandLine {
  readonly kind: "run";
  readonly mountFlags: readonly MountFlag[];
  /** Read by `expandInstruction`; before that, empty. */
  readonly mounts: readonly RunMount[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly devices: readonly RunDevice[];
  /** Names of the flags that were given, in order. */
  readonly flagsUsed: readonly string[];
}
export interface CmdInstruction extends InstructionBase, CommandLine {
  readonly kind: "cmd";
}
export interface EntrypointInstruction extends InstructionBase, CommandLine {
  readonly kind: "entrypoint";
}
export interface WorkdirInstruction extends InstructionBase {
  readonly kind: "workdir";
  readonly path: string;
}
export interface UserInstruction extends InstructionBase {
  readonly kind: "user";
  readonly user: string;
}
export interface ExposeInstruction extends InstructionBase {
  readonly kind: "expose";
  /** Sorted, as upstream does at this point. Not expanded by `expandInstruction`. */
  readonly ports: readonly string[];
}
export interface VolumeInstruction extends InstructionBase {
  readonly kind: "volume";
  readonly volumes: readonly string[];
}
export interface StopSignalInstruction extends InstructionBase {
  readonly kind: "stopsignal";
  readonly signal: string;
}
export interface ShellInstruction extends InstructionBase {
  readonly kind: "shell";
  readonly shell: readonly string[];
}
export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: "healthcheck";
  readonly health: Healthcheck;
}
export interface OnbuildInstruction extends InstructionBase {
  readonly kind: "onbuild";
  /** The trigger's text, heredoc bodies included; parse it with `parseTrigger` when it fires. */
  readonly expression: string;
}

/** Any instruction inside a stage. FROM is not one: it opens a `Stage`. */
export type Instruction =
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | MaintainerInstruction
  | AddInstruction
  | CopyInstruction
  | RunInstruction
  | CmdInstruction
  | EntrypointInstruction
  | WorkdirInstruction
  | UserInstruction
  | ExposeInstruction
  | VolumeInstruction
  | StopSignalInstruction
  | ShellInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

/** FROM and the instructions up to the next FROM. The base fields are those of the FROM line. */
export interface Stage extends InstructionBase {
  readonly kind: "from";
  /** As written, before expansion. */
  readonly baseName: string;
  /** In lower case; "" without `AS`. */
  readonly stageName: string;
  /** The `--platform` flag before expansion; "" when not given or empty. */
  readonly platform: string;
  readonly docComment: string;
  readonly instructions: readonly Instruction[];
}

export interface ParsedInstructions {
  /** May be empty when the file has only ARG lines; upstream then says "dockerfile contains no stages to build". */
  readonly stages: readonly Stage[];
  /** ARG instructions before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
}
