import { control } from "../../grpc/index.ts";
import { CooperError, type Digest, quietScope, Semaphore } from "../../kit/index.ts";
import { decode, encode, type Init } from "../../wire/index.ts";
import { historyFilter, newest } from "./history-filter.ts";
import type { HistoryFolder, HistoryRecord } from "./history-folder.ts";
import { Mailbox } from "./mailbox.ts";
import { Remembered } from "./remembered.ts";

type HistoryEvent = Init<control.BuildHistoryEvent>;
const { STARTED, COMPLETE, DELETED } = control.BuildHistoryEventType;

/** What is kept: a record goes when more than `maxEntries` are younger and it is older than `maxAge` milliseconds. Pinned ones stay. */
export interface HistoryLimits {
  readonly maxAge: number;
  readonly maxEntries: number;
}

/** Upstream's: two days, fifty builds. */
export const defaultLimits: HistoryLimits = { maxAge: 48 * 3_600_000, maxEntries: 50 };

/** How long a finished build's record waits for what is still to come, unless somebody asks for the end of it: upstream's. */
const afterwards = 3000;

/** The builds that run and those that are remembered. */
export class History {
  readonly folder: HistoryFolder;
  readonly #limits: HistoryLimits;
  readonly #completed: (record: HistoryRecord) => void;
  readonly #active = new Map<string, HistoryRecord>();
  readonly #records = new Remembered();
  readonly #listeners = new Set<Mailbox<HistoryEvent>>();
  /** How many listen to one ref: its record outlives its deletion until they have gone. */
  readonly #watched = new Map<string, number>();
  readonly #doomed = new Set<string>();
  readonly #finalizers = new Map<string, { readonly trigger: () => void; readonly done: Promise<void> }>();
  /** One change at a time: each begins with what the one before has left. */
  readonly #turn = new Semaphore(1);
  readonly #ready: Promise<void>;
  #closed = false;

  /** Reads what was remembered before; nobody waits for that but who asks. `completed` is told of each build that has ended. */
  constructor(folder: HistoryFolder, limits: HistoryLimits, completed: (record: HistoryRecord) => void = () => {}) {
    this.folder = folder;
    this.#completed = completed;
    this.#limits = limits;
    this.#ready = folder.load().then((records) => {
      for (const record of records) this.#records.set(record);
    });
    this.#ready.catch(() => {});
  }

  /** A build begins; one of the same name that has ended gets no more. */
  async start(record: Init<HistoryRecord>): Promise<void> {
    await this.#ready;
    const full = fullRecord(record);
    await this.finalize(full.ref);
    this.#active.set(full.ref, full);
    this.#tell({ type: STARTED, record: full });
  }

  /** A build without a record after all. */
  forget(ref: string): void {
    this.#active.delete(ref);
  }

  async complete(record: Init<HistoryRecord>): Promise<void> {
    await this.#ready;
    const full = fullRecord(record);
    this.#active.delete(full.ref);
    await this.#inTurn(() => this.#store(full));
    this.#completed(full);
    await this.clean();
  }

  /** A remembered build; undefined while it runs, and when nobody knows it. */
  async find(ref: string): Promise<HistoryRecord | undefined> {
    await this.#ready;
    return this.#doomed.has(ref) ? undefined : this.#records.get(ref);
  }

  /** Nobody else changes or deletes the record meanwhile. Throws `daemon/no-record`. */
  async update(
    ref: string,
    change: (record: HistoryRecord) => Init<HistoryRecord> | Promise<Init<HistoryRecord>>,
  ): Promise<void> {
    await this.#ready;
    await this.#inTurn(async () => {
      const record = this.#records.get(ref);
      if (record === undefined) {
        throw new CooperError("daemon/no-record", `failed to retrieve ref ${ref}: file does not exist`);
      }
      await this.#store(fullRecord({ ...(await change(record)), generation: record.generation + 1 }));
    });
  }

  /** Throws `daemon/no-record`. */
  async delete(ref: string): Promise<void> {
    await this.#ready;
    if (!this.#records.has(ref)) throw new CooperError("daemon/no-record", `lease "ref_${ref}": not found`);
    await this.#drop(ref);
  }

  async #drop(ref: string): Promise<void> {
    if (this.#watched.has(ref)) this.#doomed.add(ref);
    else if (this.#records.has(ref)) await this.#remove(ref);
  }

  /** Everything that the request is about, and then what happens, until its signal ends it. */
  async listen(
    { ref, activeOnly, earlyExit, filter, limit }: control.BuildHistoryRequest,
    send: (event: HistoryEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#ready;
    const box = new Mailbox<HistoryEvent>();
    this.#listeners.add(box);
    const wanted = (event: HistoryEvent) => ref === "" || event.record?.ref === ref;
    try {
      if (ref !== "") this.#watch(ref);
      for (const record of this.#active.values()) {
        const event = { type: STARTED, record };
        if (wanted(event)) await send(event);
      }
      if (!activeOnly) {
        const matches = historyFilter(filter);
        const records = [...this.#records.all()].filter((record) => wanted({ record }) && matches(record));
        for (const record of newest(records, limit)) {
          if (!this.#doomed.has(record.ref)) await send({ type: COMPLETE, record });
        }
      }
      if (earlyExit) return;
      for await (const event of box.all(signal)) if (wanted(event)) await send(event);
    } finally {
      this.#listeners.delete(box);
      if (ref !== "") await this.#unwatch(ref);
    }
  }

  /** Does `work`, which completes a record, some seconds after the build, or when `finalize` or `close` is called. */
  finalizeLater(ref: string, work: () => Promise<void>): void {
    const trigger = Promise.withResolvers<void>();
    const timer = setTimeout(trigger.resolve, afterwards);
    timer.unref();
    const done = trigger.promise
      .then(work)
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        this.#finalizers.delete(ref);
      });
    this.#finalizers.set(ref, { trigger: trigger.resolve, done });
  }

  async finalize(ref: string): Promise<void> {
    const finalizer = this.#finalizers.get(ref);
    finalizer?.trigger();
    await finalizer?.done;
  }

  /** Removes what the limits do not allow. */
  async clean(now = Date.now()): Promise<void> {
    await this.#ready;
    const { maxAge, maxEntries } = this.#limits;
    // Two builds that end at once may look at the same records.
    for (const ref of this.#records.overdue(now - maxAge, maxEntries)) await this.#drop(ref);
  }

  /** Completes all records; those who listen hear the end. Nothing is written any more when it resolves. */
  async close(): Promise<void> {
    await this.#ready.catch(() => {});
    await Promise.all([...this.#finalizers.keys()].map((ref) => this.finalize(ref)));
    for (const ref of [...this.#doomed]) await this.#remove(ref);
    await this.#turn.run(quietScope.signal, async () => {
      this.#closed = true;
    });
    for (const box of this.#listeners) box.close();
  }

  async #store(record: HistoryRecord): Promise<void> {
    await this.folder.save(record);
    this.#records.set(record);
    this.#tell({ type: COMPLETE, record });
  }

  #remove(ref: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#doomed.delete(ref);
      if (!this.#records.has(ref)) return;
      this.#records.delete(ref);
      this.#tell({ type: DELETED, record: { ref } });
      await this.folder.remove(ref);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turn.run(quietScope.signal, () => {
      if (this.#closed) throw new CooperError("daemon/stopped", "context canceled");
      return work();
    });
  }

  #tell(event: HistoryEvent): void {
    for (const listener of this.#listeners) listener.put(event);
  }

  #watch(ref: string): void {
    if (this.#doomed.has(ref)) throw new CooperError("daemon/no-record", `ref ${ref} is deleted: file does not exist`);
    this.#watched.set(ref, (this.#watched.get(ref) ?? 0) + 1);
  }

  async #unwatch(ref: string): Promise<void> {
    const left = (this.#watched.get(ref) ?? 0) - 1;
    if (left > 0) this.#watched.set(ref, left);
    else this.#watched.delete(ref);
    if (left <= 0 && this.#doomed.has(ref) && this.#records.has(ref)) await this.#remove(ref);
  }

  /** A blob of a record. */
  blob(digest: Digest) {
    return this.folder.blob(digest);
  }
}

/** With all fields at their defaults. */
function fullRecord(record: Init<HistoryRecord>): HistoryRecord {
  return decode(control.BuildHistoryRecord, encode(control.BuildHistoryRecord, record));
}
