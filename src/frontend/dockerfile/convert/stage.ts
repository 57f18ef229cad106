import { type EnvList, type State, scratch } from "../../../llb/index.ts";
import type { ImageConfig, Platform } from "../../../oci/index.ts";
import type { NamedContext } from "../context/named-context.ts";
import { UsedOnce } from "../lint/index.ts";
import type { ArgPair, Instruction, Location, Stage } from "../parse/index.ts";
import { type ImageAdditions, unsetImage } from "./image.ts";

/** An instruction to be converted, with the stages it takes files from (one per COPY, one per RUN mount). */
export interface Step {
  readonly instruction: Instruction;
  readonly sources: readonly StageState[];
  readonly isTrigger: boolean;
}

/** A stage while it is converted: what its instructions have made of it so far. Belongs to one conversion. */
export class StageState {
  /** As written; for a stage that COPY --from=image invents, made up. */
  readonly stage: Stage;
  /** Variables expanded; later the canonical reference. */
  baseName: string;
  /** What progress shows; "" when there is only one stage. */
  displayName: string;
  /** The stage this one builds on. */
  base: StageState | undefined;
  /** The config of the image it builds on, as found. */
  baseImage: ImageConfig | undefined;
  namedContext: NamedContext | undefined;
  state: State = scratch();
  /** What its own instructions add to the image; in `image` when the stage is done. */
  readonly added: ImageAdditions = { history: [] };
  image: ImageConfig = unsetImage;
  platform: Platform | undefined;
  steps: Step[] = [];
  /** Stages whose files it uses, with the instruction that does. */
  readonly uses = new Map<StageState, Instruction>();
  buildArgs: ArgPair[] = [];
  /** Paths of the build context that its instructions read. */
  readonly contextPaths = new Set<string>();
  /** Paths of this stage that others read; shared with the stages it builds on. */
  paths = new Set<string>();
  /** No FROM stands for it: it is an image that COPY or a mount names. */
  readonly unregistered: boolean;
  /** The instruction that names it then. */
  readonly usedAt: Location | undefined;
  ignoreCache = false;
  dispatched = false;
  resolved = false;
  triggersRead = false;
  workdirSet = false;
  /** Steps that progress numbers. */
  stepTotal = 0;
  stepIndex = 0;
  inTrigger = false;
  /** Ports that its EXPOSE lines listed so far. */
  exposed = 0;
  readonly once = new UsedOnce();
  cmdSet = false;
  scanContext = false;
  scanStage = false;
  outline: OutlineCapture = { allArgs: new Map(), usedArgs: new Set(), secrets: new Map(), ssh: new Map() };

  /** `usedAt` for a stage that no FROM stands for. */
  constructor(stage: Stage, baseName: string, usedAt?: Location) {
    this.stage = stage;
    this.baseName = baseName;
    this.displayName = stage.stageName;
    this.unregistered = usedAt !== undefined;
    this.usedAt = usedAt;
  }

  get env(): EnvList {
    return this.state.env;
  }

  /** Takes over what the stage it builds on has become. Does nothing for one that builds on an image. */
  inherit(): void {
    if (this.base === undefined) return;
    this.state = this.base.state;
    this.platform = this.base.platform;
    const { onBuild: _, ...config } = this.base.image.config;
    this.image = { ...this.base.image, config };
    this.baseImage = this.base.baseImage;
    this.paths = this.base.paths;
    this.workdirSet = this.base.workdirSet;
    this.buildArgs = [...this.buildArgs, ...this.base.buildArgs];
  }

  /** The paths of this tree that others read, sorted; undefined when they read all of it. */
  wantedPaths(): readonly string[] | undefined {
    return wantedPaths(this.paths);
  }
}

/** What the `outline` subrequest tells of a stage. */
export interface OutlineCapture {
  readonly allArgs: Map<string, ArgInfo>;
  readonly usedArgs: Set<string>;
  readonly secrets: Map<string, Required>;
  readonly ssh: Map<string, Required>;
}
export interface ArgInfo {
  readonly definition: ArgPair;
  readonly value: string;
  readonly deps: ReadonlySet<string>;
  readonly location: Location;
}
interface Required {
  readonly required: boolean;
  readonly location: Location;
}

export function cloneOutline(outline: OutlineCapture): OutlineCapture {
  return {
    allArgs: new Map(outline.allArgs),
    usedArgs: new Set(outline.usedArgs),
    secrets: new Map(outline.secrets),
    ssh: new Map(outline.ssh),
  };
}

/** Relative and sorted; undefined when nothing or everything is wanted. */
export function wantedPaths(paths: ReadonlySet<string>): readonly string[] | undefined {
  if (paths.size === 0 || paths.has("/")) return undefined;
  return [...paths].map((path) => path.slice(1)).sort();
}
