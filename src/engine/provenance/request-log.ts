import type { AskedRequest, ImageUse } from "../../provenance/index.ts";
import type { EngineEdge } from "../graph.ts";

/**
 * What one frontend was asked, or the client that is the frontend itself (`asked` is absent), and what it asked for in turn. Kept for every
 * build, as it costs next to nothing: what is made of it loads when somebody wants to know.
 */
export class RequestLog {
  readonly asked: AskedRequest | undefined;
  /** What the build as a whole was asked. */
  readonly root: AskedRequest | undefined;
  /** Images that were looked up by name. */
  readonly images: ImageUse[] = [];
  /** What was solved by a definition. */
  readonly solved = new Set<EngineEdge>();
  /** Other frontends. */
  readonly children: RequestLog[] = [];

  constructor(asked?: AskedRequest, root?: AskedRequest) {
    this.asked = asked;
    this.root = root;
  }

  child(asked: AskedRequest): RequestLog {
    const root = this.root === undefined || isEmpty(this.root) ? this.asked : this.root;
    const child = new RequestLog(asked, root);
    this.children.push(child);
    return child;
  }

  /** This one and all below, this one first. */
  *all(): Iterable<RequestLog> {
    yield this;
    for (const child of this.children) yield* child.all();
  }

  /** Which of them solved the edge. */
  originOf(edge: EngineEdge): RequestLog | undefined {
    for (const log of this.all()) if (log.solved.has(edge)) return log;
    return undefined;
  }
}

function isEmpty({ frontend, options, inputs }: AskedRequest): boolean {
  return frontend === "" && Object.keys(options).length === 0 && inputs.size === 0;
}
