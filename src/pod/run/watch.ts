import { CooperError } from "../../kit/index.ts";
import type { Pod } from "../contract.ts";
import type { MadeVolume } from "../volumes/make-volume.ts";
import { folderSize } from "../volumes/size.ts";

type Stop = (reason: CooperError) => void;

/** How often volumes with a size limit are measured, in milliseconds; a kubelet does it as often. */
const sizeInterval = 10_000;

/** Stops the pod at its `activeDeadlineSeconds`. */
export function watchDeadline({ activeDeadlineSeconds: seconds }: Pod, stop: Stop): Disposable {
  if (seconds === undefined || seconds <= 0) return { [Symbol.dispose]() {} };
  const reason = () => stop(new CooperError("pod/deadline", `the pod was active for more than ${seconds} s`));
  // Longer than Node's timers can be is never.
  const timer = setTimeout(reason, Math.min(seconds * 1000, 2 ** 31 - 1));
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Stops the pod when a volume on disk grows beyond its limit. */
export function watchSizes(volumes: ReadonlyMap<string, MadeVolume>, stop: Stop): Disposable {
  const limited = [...volumes].filter(([, { sizeLimit }]) => sizeLimit !== undefined);
  if (limited.length === 0) return { [Symbol.dispose]() {} };
  const look = async () => {
    for (const [name, { path, sizeLimit = 0 }] of limited) {
      if ((await folderSize(path, sizeLimit)) <= sizeLimit) continue;
      const sentence = `usage of emptyDir volume ${JSON.stringify(name)} exceeds the limit of ${Math.floor(sizeLimit)} bytes`;
      stop(new CooperError("pod/evicted", sentence, { hint: "raise its sizeLimit" }));
    }
  };
  const timer = setInterval(() => void look().catch(() => {}), sizeInterval);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
