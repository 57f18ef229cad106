import type { Check, Hook, Probe } from "../contract.ts";
import type { PodFields } from "./fields.ts";

/** The probe of that name; undefined when there is none that can be done here. */
export function readProbe(container: PodFields, name: string): Probe | undefined {
  if (!container.has(name)) return undefined;
  const probe = container.map(name);
  const check = readCheck(probe, portsOf(container));
  if (check === undefined) {
    probe.warn([], "not done here: only exec, httpGet and tcpSocket are", "use one of them");
    return undefined;
  }
  return {
    check,
    initialDelaySeconds: probe.whole("initialDelaySeconds") ?? 0,
    periodSeconds: probe.whole("periodSeconds") || 10,
    timeoutSeconds: probe.whole("timeoutSeconds") || 1,
    failureThreshold: probe.whole("failureThreshold") || 3,
  };
}

/** `postStart` or `preStop`. */
export function readHook(container: PodFields, name: string): Hook | undefined {
  const lifecycle = container.map("lifecycle");
  if (!lifecycle.has(name)) return undefined;
  const hook = lifecycle.map(name);
  if (hook.has("sleep")) return { kind: "sleep", seconds: hook.map("sleep").whole("seconds") ?? 0 };
  const check = readCheck(hook, portsOf(container));
  if (check === undefined) hook.error([], "it does nothing", "state exec, httpGet, tcpSocket or sleep");
  return check;
}

type Ports = ReadonlyMap<string, number>;

function portsOf(container: PodFields): Ports {
  return new Map(container.list("ports").map((port) => [port.text("name") ?? "", port.whole("containerPort") ?? 0]));
}

function readCheck(fields: PodFields, ports: Ports): Check | undefined {
  if (fields.has("exec")) return { kind: "exec", command: fields.map("exec").texts("command") ?? [] };
  if (fields.has("tcpSocket")) return { kind: "tcp", ...addressOf(fields.map("tcpSocket"), ports) };
  if (!fields.has("httpGet")) return undefined;
  const get = fields.map("httpGet");
  const headers = get.list("httpHeaders").map((one) => [one.text("name") ?? "", one.text("value") ?? ""] as const);
  const path = get.text("path") || "/";
  return {
    kind: "http",
    ...addressOf(get, ports),
    path: path.startsWith("/") ? path : `/${path}`,
    tls: get.text("scheme") === "HTTPS",
    headers,
  };
}

/** A port may be called by its name among the container's. */
function addressOf(fields: PodFields, ports: Ports): { readonly host: string; readonly port: number } {
  const host = fields.text("host") || "127.0.0.1";
  const stated = fields.raw("port");
  const port = typeof stated === "string" ? (ports.get(stated) ?? Number(stated)) : fields.whole("port");
  if (port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65535) return { host, port };
  fields.error(
    ["port"],
    `there is no port ${JSON.stringify(stated ?? "")}`,
    "use a number, or the name of one of the container's ports",
  );
  return { host, port: 0 };
}
