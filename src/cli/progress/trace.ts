import type { SolveStatus, VertexStatus } from "../../client/index.ts";
import { Screen } from "./screen.ts";
import { ViewVertex } from "./vertex.ts";

/** Lines of one step that a view which prints none keeps for the report of a failure. */
const keptLines = 10_000;

interface Group {
  readonly vertex: ViewVertex;
  readonly members: Map<string, VertexStatus>;
}

/** Everything that the status updates of one build have told, as the views need it. Knows no terminal and no clock of its own. */
export class Trace {
  /** By digest, and by group id; steps of a group lead to the group. */
  readonly byDigest = new Map<string, ViewVertex>();
  /** In the order in which they started. */
  readonly vertexes: ViewVertex[] = [];
  /** Digests with news since the view last printed them. */
  readonly updated = new Set<string>();
  readonly #groups = new Map<string, Group>();
  readonly #screens: { readonly lines: number; readonly width: () => number } | undefined;
  startedAt: number | undefined;
  /** Milliseconds from the builder's clock to ours. */
  clockDifference: number | undefined;

  /** With `screens`, each step's output is also kept as the last lines of a terminal. */
  constructor(screens?: { readonly lines: number; readonly width: () => number }) {
    this.#screens = screens;
  }

  update(status: SolveStatus, now: number): void {
    const groups = new Set<Group>();
    for (const vertex of status.vertexes ?? []) {
      this.startedAt ??= vertex.started?.getTime();
      if (vertex.progressGroup === undefined) this.#takeVertex(vertex, now);
      else groups.add(this.#takeMember(vertex, vertex.progressGroup));
    }
    for (const group of groups) this.#refreshGroup(group, now);
    for (const task of status.statuses ?? []) {
      this.#withVertex(task.vertex, now, (vertex) => vertex.takeTask(task), true);
    }
    for (const warning of status.warnings ?? []) {
      this.#withVertex(warning.vertex, now, (vertex) => vertex.warnings.push(warning), false);
    }
    for (const log of status.logs ?? []) {
      this.#withVertex(log.vertex, now, (vertex) => this.#takeLog(vertex, log), true);
    }
  }

  #takeVertex(status: VertexStatus, now: number): void {
    const vertex = this.byDigest.get(status.digest) ?? this.#add(status.digest);
    const wasStarted = vertex.started;
    const changed = vertex.take(status);
    if (vertex.started && !wasStarted) this.#begins(vertex, now);
    if (!changed) return;
    vertex.addNews(now);
    this.updated.add(status.digest);
  }

  #takeMember(status: VertexStatus, about: NonNullable<VertexStatus["progressGroup"]>): Group {
    let group = this.#groups.get(about.id);
    if (group === undefined) {
      const vertex = this.#add(about.id);
      vertex.name = about.name;
      vertex.hidden = true;
      group = { vertex, members: new Map() };
      this.#groups.set(about.id, group);
    }
    group.members.set(status.digest, status);
    this.byDigest.set(status.digest, group.vertex);
    return group;
  }

  /** A group runs while any member does, is cached when all are, fails as its first failed member; weak members alone stay unseen. */
  #refreshGroup({ vertex, members }: Group, now: number): void {
    const before = { cached: vertex.cached, error: vertex.error, hidden: vertex.hidden };
    let changed = false;
    vertex.cached = true;
    for (const member of members.values()) {
      if (member.started !== undefined) {
        if (vertex.cover(member.started.getTime(), member.completed?.getTime())) changed = true;
        if (member.progressGroup?.weak !== true) vertex.hidden = false;
      }
      vertex.cached &&= member.cached ?? false;
      if (vertex.error === "") vertex.error = member.error ?? "";
      else vertex.hidden = false;
    }
    if (vertex.started) this.clockDifference ??= now - (vertex.merged[0]?.start ?? now);
    if (vertex.hidden) return;
    if (before.hidden) this.vertexes.push(vertex);
    if (!changed && !before.hidden && before.cached === vertex.cached && before.error === vertex.error) return;
    vertex.addNews(now);
    this.updated.add(vertex.digest);
  }

  #begins(vertex: ViewVertex, now: number): void {
    this.clockDifference ??= now - (vertex.merged[0]?.start ?? now);
    this.vertexes.push(vertex);
  }

  #add(digest: string): ViewVertex {
    const vertex = new ViewVertex(digest);
    this.byDigest.set(digest, vertex);
    return vertex;
  }

  #takeLog(vertex: ViewVertex, log: { readonly data: Uint8Array; readonly timestamp: Date }): void {
    vertex.takeLog(log.data, log.timestamp.getTime());
    if (this.#screens === undefined) return;
    if (vertex.lines.length > 2 * keptLines) vertex.lines = vertex.lines.slice(-keptLines);
    vertex.screen ??= new Screen(this.#screens.lines, this.#screens.width());
    vertex.logBytes += log.data.byteLength;
    vertex.screen.write(log.data);
  }

  #withVertex(digest: string, now: number, work: (vertex: ViewVertex) => void, isUpdate: boolean): void {
    const vertex = this.byDigest.get(digest);
    if (vertex === undefined) return;
    work(vertex);
    vertex.addNews(now);
    if (isUpdate) this.updated.add(vertex.digest);
  }
}
