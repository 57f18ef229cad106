import { Code, carriedStatus, type GrpcClient, health } from "../grpc/index.ts";
import { sleep } from "../kit/index.ts";

/** In milliseconds how often a caller is asked and how long it may take, and after how many questions without an answer it is gone. */
export interface HealthTiming {
  readonly interval: number;
  readonly patience: number;
  readonly threshold: number;
}

/** The longest that a timer can wait. */
const longest = 2 ** 31 - 1;
/** Upstream's figures. */
const usual: HealthTiming = { interval: 5000, patience: 15_000, threshold: 2 };

/** The timing that a caller asks for in its header, in milliseconds; no less than a second, and one miss is enough then. */
export function healthTiming(wanted: string | undefined): HealthTiming {
  const milliseconds = /^\+?\d{1,15}$/.test(wanted ?? "") ? Number(wanted) : 0;
  if (milliseconds === 0) return usual;
  const patience = Math.min(Math.max(1000, milliseconds), longest);
  return { interval: patience, patience, threshold: 1 };
}

/**
 * Asks a caller again and again whether it is still there. Settles with the reason when it is not, or undefined when the signal ends
 * the asking. A slow answer makes the next question more patient: a thin line that is full of data is no reason to hang up.
 */
export async function watchHealth(
  client: GrpcClient,
  signal: AbortSignal,
  { interval, patience, threshold } = usual,
): Promise<string | undefined> {
  let [failures, last] = [0, 0];
  for (;;) {
    try {
      await sleep(interval, signal);
    } catch {
      return undefined;
    }
    const started = Date.now();
    const failure = await check(client, Math.max(patience, last * 1.5), signal);
    last = Date.now() - started;
    if (signal.aborted) return undefined;
    failures = failure === undefined ? 0 : failures + 1;
    if (failures >= threshold) return `session healthcheck failed fatally: ${failure}`;
  }
}

/** Any answer is one: a caller without that service is there, too. */
async function check(client: GrpcClient, timeout: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    await client.unary(health.HealthService.Check, {}, { signal, timeout });
    return undefined;
  } catch (error) {
    const status = carriedStatus(error);
    if (status === undefined) return String(error);
    return status.code === Code.UNAVAILABLE || status.code === Code.DEADLINE_EXCEEDED ? status.message : undefined;
  }
}
