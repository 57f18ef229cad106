import { readFile } from "node:fs/promises";
import { control, type Handler, streaming, type types, unary } from "../grpc/index.ts";
import { parseDigest, parseFilters } from "../kit/index.ts";
import type { Init } from "../wire/index.ts";
import type { DaemonParts } from "./daemon-parts.ts";
import { decodeLog } from "./history/status-log.ts";
import { solve } from "./solve.ts";
import { statusMessage } from "./status-message.ts";
import { version, workerFields } from "./worker-record.ts";

type StatusCall = Parameters<Parameters<typeof streaming<control.StatusRequest, control.StatusResponse>>[1]>[0];

/** Upstream's `Control`: builds, their progress, and what the daemon is. */
export function controlHandlers(parts: DaemonParts): readonly Handler[] {
  const { ControlService: service } = control;
  const { worker } = parts;
  return [
    unary(service.Solve, (request, call) => solve(parts, request, call)),
    streaming(service.Status, (call) => tellStatus(parts, call)),
    parts.sessions.handler(),
    unary(service.ListWorkers, async ({ filter }) => ({
      record: parseFilters(filter)(workerFields(worker)) ? [{ ...worker, cdiDevices: await devicesOf(parts) }] : [],
    })),
    unary(service.Info, async () => ({ buildkitVersion: version })),
  ];
}

async function devicesOf({ engine }: DaemonParts): Promise<Init<types.CDIDevice>[]> {
  const devices = (await engine.devices?.()) ?? [];
  return devices.map(({ annotations, ...device }) => ({
    ...device,
    annotations: new Map(Object.entries(annotations)),
  }));
}

/** A build's progress from its beginning: from the history once it is there. */
async function tellStatus({ builds, history }: DaemonParts, { messages, signal, header }: StatusCall): Promise<void> {
  const [request] = (await messages.read()) ?? [];
  const ref = request?.ref ?? "";
  header(new Map([["buildkit-current-timestamp", [new Date().toISOString()]]]));
  const record = await history.find(ref);
  if (record !== undefined && !builds.isRunning(ref)) {
    const logs = record.logs && (await history.blob(parseDigest(record.logs.digest)));
    if (logs === undefined) return;
    for (const message of decodeLog(await readFile(logs.path))) await messages.send(message);
    return;
  }
  const build = await builds.find(ref, signal);
  for await (const status of build.progress(signal)) await messages.send(statusMessage(status));
}
