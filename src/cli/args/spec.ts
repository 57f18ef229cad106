/** A flag as upstream's help shows it. `strings` may be repeated; its values are not split. */
export interface FlagSpec {
  readonly name: string;
  readonly alias?: string;
  readonly kind: "bool" | "string" | "strings" | "int" | "float" | "duration";
  readonly usage: string;
  /** Used when the flag is absent, and shown in the help. */
  readonly value?: string;
  /** Ours, not upstream's: works, and is not in the help, which is upstream's byte for byte. */
  readonly hidden?: boolean;
  /** Environment variable that gives the value when the flag is absent. */
  readonly env?: string;
}

/** A command with its flags; its parents' flags are accepted after it too. */
export interface CommandSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly usage: string;
  /** Replaces the generated usage lines. */
  readonly usageText?: string;
  /** Shown after `[options]` in the generated usage line. */
  readonly argsUsage?: string;
  /** Only of a program. */
  readonly version?: string;
  readonly flags: readonly FlagSpec[];
  readonly commands?: readonly CommandSpec[];
  readonly hidden?: boolean;
}

/** Values by flag name, after defaults. Asking for a flag that the spec does not have is a mistake in the code. */
export interface FlagValues {
  bool(name: string): boolean;
  string(name: string): string;
  strings(name: string): readonly string[];
  int(name: string): number;
  /** Given on the command line or through its environment variable. */
  isSet(name: string): boolean;
}
