import type { Bytes } from "../../kit/index.ts";
import type { TarEntry, TarHeader, TarLimits } from "../contract.ts";
import { defaultTarLimits, TarParser } from "./parser.ts";

type Event = { readonly header: TarHeader } | { readonly data: Uint8Array } | "end";

/**
 * The entries of an uncompressed tar, one after the other. A body that is not read is skipped; one that is read late (after the
 * next entry was asked for) is empty. Throws `archive/bad-tar`. For speed on many files use `TarParser`.
 */
export async function* readTar(source: Bytes, limits: TarLimits = defaultTarLimits): AsyncGenerator<TarEntry> {
  const events = eventsOf(source, limits);
  let inside = false;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    while (inside) {
      const event = (await events.next()).value;
      if (event === undefined || event === "end") inside = false;
      else if ("data" in event) yield event.data;
    }
  };
  const nobody = async function* (): AsyncGenerator<Uint8Array> {};
  try {
    for (let item = await events.next(); item.done !== true; item = await events.next()) {
      if (item.value === "end" || "data" in item.value) continue;
      inside = true;
      let current = true;
      yield { header: item.value.header, body: () => (current ? body() : nobody()) };
      current = false;
      while (inside) {
        const event = (await events.next()).value;
        if (event === undefined || event === "end") inside = false;
      }
    }
  } finally {
    await events.return(undefined);
  }
}

async function* eventsOf(source: Bytes, limits: TarLimits): AsyncGenerator<Event, undefined> {
  let events: Event[] = [];
  const parser = new TarParser(
    {
      entry: (header) => events.push({ header }),
      data: (data) => events.push({ data }),
      end: () => events.push("end"),
    },
    limits,
  );
  for await (const chunk of source) {
    parser.write(chunk);
    const ready = events;
    events = [];
    yield* ready;
  }
  parser.finish();
  yield* events;
  return undefined;
}
