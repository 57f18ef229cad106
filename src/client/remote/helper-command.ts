import { CooperError } from "../../kit/index.ts";

/** A program whose standard input and output are a connection to a daemon. */
export interface HelperCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** What runs at the other end: upstream's own relay. */
const relay = ["buildctl", "dial-stdio"];

/**
 * The program that reaches the daemon at an address such as `docker-container://NAME`, `kube-pod://POD` or `ssh://HOST`; undefined
 * for an address that needs none. Throws `client/bad-address` with upstream's words.
 */
export function helperCommand(address: string): HelperCommand | undefined {
  const scheme = /^([a-z-]+):/.exec(address)?.[1] ?? "";
  const build = Object.hasOwn(builders, scheme) ? builders[scheme] : undefined;
  if (build === undefined) return undefined;
  if (!URL.canParse(address)) throw bad(`parse ${JSON.stringify(address)}: invalid URL`);
  return build(new URL(address));
}

const builders: Readonly<Record<string, (url: URL) => HelperCommand>> = {
  "docker-container": (url) => {
    const context = url.searchParams.get("context") ?? "";
    const flags = context === "" ? [] : [`--context=${context}`];
    return { program: "docker", args: [...flags, "exec", "-i", containerOf(url), ...relay] };
  },
  "podman-container": (url) => ({ program: "podman", args: ["exec", "-i", containerOf(url), ...relay] }),
  "nerdctl-container": (url) => {
    const namespace = url.searchParams.get("namespace") ?? "";
    const flags = namespace === "" ? [] : ["--namespace", namespace];
    return { program: "nerdctl", args: ["exec", ...flags, "-i", containerOf(url), ...relay] };
  },
  "kube-pod": kubePod,
  ssh,
  npipe: () => {
    throw bad("npipe connections are only supported on windows");
  },
};

function kubePod(url: URL): HelperCommand {
  const given = (name: string) => url.searchParams.get(name) ?? "";
  const [context, namespace, container, pod] = [given("context"), given("namespace"), given("container"), hostOf(url)];
  if (namespace !== "" && !isKubeName(namespace)) throw bad(`unsupported namespace name: ${JSON.stringify(namespace)}`);
  if (pod === "") throw bad("url lacks pod name");
  if (!isKubeName(pod)) throw bad(`unsupported pod name: ${JSON.stringify(pod)}`);
  if (container !== "" && !isKubeName(container)) throw bad(`unsupported container name: ${JSON.stringify(container)}`);
  const place = [`--context=${context}`, `--namespace=${namespace}`];
  return { program: "kubectl", args: [...place, "exec", `--container=${container}`, "-i", pod, "--", ...relay] };
}

function ssh(url: URL): HelperCommand {
  if (url.password !== "") throw bad("plain-text password is not supported");
  const host = hostOf(url);
  if (host === "") throw bad("no host specified");
  if (url.search !== "") throw bad(`extra query after the host: ${JSON.stringify(url.search.slice(1))}`);
  if (url.hash !== "") throw bad(`extra fragment after the host: ${JSON.stringify(url.hash.slice(1))}`);
  const user = url.username === "" ? [] : ["-l", decodeURIComponent(url.username)];
  const port = url.port === "" ? [] : ["-p", url.port];
  const socket = url.pathname === "" ? [] : ["--addr", `unix://${decodeURIComponent(url.pathname)}`];
  return { program: "ssh", args: [...user, ...port, "--", host, "buildctl", ...socket, "dial-stdio"] };
}

function containerOf(url: URL): string {
  const host = hostOf(url);
  if (host === "") throw bad("url lacks container name");
  // A name that looks like a flag is none to the program that gets it.
  if (host.startsWith("-")) throw bad(`unsupported container name: ${JSON.stringify(host)}`);
  return host;
}

function hostOf(url: URL): string {
  return decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
}

function isKubeName(name: string): boolean {
  return /^[-a-z0-9.]+$/.test(name) && !name.startsWith("-");
}

function bad(sentence: string): CooperError {
  return new CooperError("client/bad-address", sentence);
}
