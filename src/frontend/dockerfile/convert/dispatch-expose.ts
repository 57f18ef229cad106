import { CooperError, goQuote } from "../../../kit/index.ts";
import { type Linter, rules } from "../lint/index.ts";
import { ipVersion } from "../options/ip.ts";
import { blaming, type ExposeInstruction, type Location } from "../parse/index.ts";
import { type Conversion, expand } from "./context.ts";
import { formatGoList } from "./go-text.ts";
import { commit } from "./history.ts";
import type { StageState } from "./stage.ts";

/** All there are, many times over: history repeats every list, and that must not fill the memory. */
const mostPorts = 1_000_000;

/** EXPOSE: ports and ranges, with protocol; addresses and host ports are read, warned of and dropped. */
export function dispatchExpose(stage: StageState, instruction: ExposeInstruction, conversion: Conversion): void {
  const words = instruction.ports.flatMap((port) => [...expand(conversion, port, stage.env).words]);
  const ports = words.flatMap((word) =>
    blaming([word], () => readPorts(word, instruction.location, conversion.linter)),
  );
  stage.exposed += ports.length;
  if (stage.exposed > mostPorts) throw bad(`EXPOSE lists more than ${mostPorts} ports in one stage`);
  stage.added.ports ??= new Set(stage.image.config.exposedPorts);
  for (const port of ports) stage.added.ports.add(port);
  commit(stage, conversion, `EXPOSE ${formatGoList(ports)}`);
}

function readPorts(text: string, location: Location, linter: Linter): string[] {
  const parts = text.split(":");
  const container = parts.pop() ?? "";
  const hostPort = parts.pop() ?? "";
  const address = parts.join(":");
  const [port, protocol] = splitProtocol(container, text);
  if (protocol !== protocol.toLowerCase()) linter.run(rules.exposeProtoCasing, location, text);
  if (address !== "" || hostPort !== "") linter.run(rules.exposeInvalidFormat, location, text);
  checkAddress(address);
  const range = readRange(port);
  if (range === undefined) throw bad(`invalid containerPort: ${port}`);
  if (hostPort !== "") checkHostPort(hostPort, port, range);
  return Array.from(
    { length: range.end - range.start + 1 },
    (_, at) => `${range.start + at}/${protocol.toLowerCase()}`,
  );
}

function splitProtocol(text: string, whole: string): [port: string, protocol: string] {
  const slash = text.indexOf("/");
  const port = slash < 0 ? text : text.slice(0, slash);
  const protocol = slash < 0 ? "" : text.slice(slash + 1);
  if (port === "") throw bad(`invalid port: ${goQuote(whole)}: no port specified`);
  if (!["", "tcp", "udp", "sctp"].includes(protocol.toLowerCase())) {
    throw bad(`invalid port: ${goQuote(whole)}: invalid proto: ${protocol}`);
  }
  return [port, protocol === "" ? "tcp" : protocol];
}

function checkAddress(text: string): void {
  if (text === "") return;
  const bare = text.startsWith("[") ? /^\[([^\]]*)\]$/.exec(text)?.[1] : text;
  if (bare === undefined) throw bad(`invalid IP address ${text}: missing ']' in address`);
  if (ipVersion(bare) === 0) throw bad(`invalid IP address: ${bare}`);
}

interface PortRange {
  readonly start: number;
  readonly end: number;
}

function checkHostPort(text: string, port: string, container: PortRange): void {
  const host = readRange(text);
  if (host === undefined) throw bad(`invalid hostPort: ${text}`);
  const size = (range: PortRange) => range.end - range.start;
  if (size(container) !== size(host) && size(container) !== 0) {
    throw bad(`invalid ranges specified for container and host Ports: ${port} and ${text}`);
  }
}

/** Undefined for anything but a port or an ascending range of ports. */
function readRange(text: string): PortRange | undefined {
  const dash = text.indexOf("-");
  const first = dash < 0 ? text : text.slice(0, dash);
  const last = dash < 0 ? first : text.slice(dash + 1);
  const [start, end] = [readPort(first), readPort(last)];
  return start === undefined || end === undefined || end < start ? undefined : { start, end };
}

function readPort(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 0 && port <= 65535 ? port : undefined;
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-port", message);
}
