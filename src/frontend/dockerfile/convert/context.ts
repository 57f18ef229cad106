import { isCooperError, type PatternMatcher } from "../../../kit/index.ts";
import type { EnvList, NodeLocation, NodeSource, ProxyEnv, State } from "../../../llb/index.ts";
import type { Platform } from "../../../oci/index.ts";
import type { SourceFile } from "../../contract.ts";
import type { NamedContext, NamedContextOptions } from "../context/named-context.ts";
import type { Solver } from "../context/solver.ts";
import type { Linter } from "../lint/linter.ts";
import type { BuildOptions } from "../options/options.ts";
import type { Location } from "../parse/index.ts";
import {
  type Environment,
  type ExpandedWord,
  type ExpansionDetails,
  expandWord,
  type ShellOptions,
} from "../shell/index.ts";
import type { Stages } from "./stages.ts";

/** What one conversion knows besides its stages. Values that a later step finds out are set once, in order. */
export interface Conversion {
  readonly options: BuildOptions;
  readonly solver: Solver;
  readonly linter: Linter;
  readonly file: SourceFile;
  readonly source: NodeSource;
  readonly escapeToken: "\\" | "`";
  readonly targetPlatform: Platform;
  /** Nobody asked for a platform: the worker's own is meant, and an image of another one is taken as it is. */
  readonly implicitPlatform: boolean;
  readonly stages: Stages;
  /** Build arguments; SOURCE_DATE_EPOCH already in seconds. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** ARGs before the first FROM, and the predefined ones. */
  readonly globalArgs: EnvList;
  /** SOURCE_DATE_EPOCH in seconds. */
  readonly epoch: number | undefined;
  readonly proxyEnv: ProxyEnv | undefined;
  readonly allStages: boolean;
  /** The build context; its source is decided when all paths are known. */
  readonly buildContext: State;
  /** Read when the stages run. */
  readonly ignoreMatcher: PatternMatcher | undefined;
  namedContext(name: string, options: NamedContextOptions): NamedContext | undefined;
}

/** Runs an expansion; `report` is told the names that were not found, also when it fails. */
export function reporting(report: (unmatched: ReadonlySet<string>) => void, work: () => ExpandedWord): ExpandedWord {
  try {
    const expanded = work();
    report(expanded.unmatched);
    return expanded;
  } catch (error) {
    if (isCooperError(error, "dockerfile/expansion")) report((error.details as ExpansionDetails).unmatched);
    throw error;
  }
}

/** Expands a word of the Dockerfile, by its escape token. */
export function expand(
  conversion: Pick<Conversion, "escapeToken">,
  word: string,
  env: Environment,
  more: ShellOptions = {},
): ExpandedWord {
  return expandWord(word, env, { escapeToken: conversion.escapeToken, ...more });
}

/** Lines of the Dockerfile, as the nodes of the graph carry them. */
export function locationIn(conversion: Pick<Conversion, "source">, ranges: Location): NodeLocation {
  return { source: conversion.source, ranges };
}

/** The epoch as history records have it. */
export function createdAt(epoch: number | undefined): { created?: string } {
  return epoch === undefined ? {} : { created: new Date(epoch * 1000).toISOString().replace(".000Z", "Z") };
}
