import { control } from "../../grpc/index.ts";
import { decode, encode } from "../../wire/index.ts";
import type { HistoryRecord } from "./history-folder.ts";

interface Entry {
  readonly ref: string;
  /** Milliseconds since 1970. */
  readonly completed: number;
  readonly pinned: boolean;
  readonly bytes: Uint8Array;
}

/** Records of builds by ref, as bytes: a busy daemon remembers ten thousands of them, of which hardly any is ever looked at. */
export class Remembered {
  readonly #entries = new Map<string, Entry>();

  set(record: HistoryRecord): void {
    const { ref, pinned, completedAt } = record;
    const completed = Number(completedAt?.seconds ?? 0n) * 1000;
    const bytes = Uint8Array.from(encode(control.BuildHistoryRecord, record));
    this.#entries.set(ref, { ref, pinned, completed, bytes });
  }

  get(ref: string): HistoryRecord | undefined {
    const entry = this.#entries.get(ref);
    return entry && decode(control.BuildHistoryRecord, entry.bytes);
  }

  has(ref: string): boolean {
    return this.#entries.has(ref);
  }

  delete(ref: string): void {
    this.#entries.delete(ref);
  }

  *all(): Generator<HistoryRecord, void> {
    for (const { bytes } of this.#entries.values()) yield decode(control.BuildHistoryRecord, bytes);
  }

  /** Refs of what is not pinned, was completed before `time`, and has `younger` younger ones. */
  overdue(time: number, younger: number): readonly string[] {
    if (this.#entries.size <= younger) return [];
    const entries = [...this.#entries.values()].filter(({ pinned }) => !pinned);
    const sorted = entries.sort((a, b) => b.completed - a.completed);
    return sorted.slice(younger).flatMap(({ ref, completed }) => (completed < time ? [ref] : []));
  }
}
