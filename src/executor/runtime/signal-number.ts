import { constants } from "node:os";
import { CooperError } from "../../kit/index.ts";

/** Linux's, where a process in a container sees them (32 and 33 are the C library's). */
const realTime = { first: 34, last: 64 };

/** The number of a signal by its name, with or without `SIG`; also `RTMIN+1` and `RTMAX-1`. Throws `executor/bad-signal`. */
export function signalNumber(name: string): number {
  const short = name.toUpperCase().replace(/^SIG/, "");
  const known = (constants.signals as Readonly<Record<string, number>>)[`SIG${short}`];
  if (known !== undefined) return known;
  const found = /^(RTMIN|RTMAX)(?:([+-])(\d{1,2}))?$/.exec(short);
  if (found !== null) {
    const [, from, sign, steps = "0"] = found;
    const number = (from === "RTMIN" ? realTime.first : realTime.last) + (sign === "-" ? -1 : 1) * Number(steps);
    if (number >= realTime.first && number <= realTime.last) return number;
  }
  throw new CooperError("executor/bad-signal", `Unknown signal ${name}`);
}
