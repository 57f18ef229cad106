import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { sleep } from "../../kit/index.ts";
import { readNetworkList } from "./network-list.ts";
import { StepNetworks } from "./networks.ts";
import { networkKind, planNetworks } from "./settings.ts";

const base = mkdtempSync(join(tmpdir(), "cooper-networks-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(base, "case-"));
  mkdirSync(join(folder, "plugins"));
});
afterEach(() => expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder));

/** A plugin that writes down how it was called, and answers with what ADD is to give. */
function plugin(name: string, answer: object, code = 0): void {
  const script = `#!/bin/sh
calls=${folder}/calls
config=$(cat)
[ -e "$CNI_NETNS" ] && there=there
printf '%s\\n' "{\\"command\\":\\"$CNI_COMMAND\\",\\"plugin\\":\\"${name}\\",\\"id\\":\\"$CNI_CONTAINERID\\",\\"interface\\":\\"$CNI_IFNAME\\",\\"args\\":\\"$CNI_ARGS\\",\\"namespace\\":\\"$there\\",\\"config\\":$config}" >>$calls
[ "$CNI_COMMAND" = DEL ] && exit 0
echo '${JSON.stringify(answer)}'
exit ${code}
`;
  writeFileSync(join(folder, "plugins", name), script, { mode: 0o755 });
}

interface Call {
  readonly command: string;
  readonly plugin: string;
  readonly id: string;
  readonly interface: string;
  readonly args: string;
  readonly namespace: string;
  readonly config: Record<string, unknown>;
}
function calls(): Call[] {
  if (!existsSync(join(folder, "calls"))) return [];
  const lines = readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Call);
}
const called = () => calls().map((call) => `${call.command} ${call.plugin}`);

function plan(poolSize = 0) {
  const configPath = join(folder, "net.conflist");
  const plugins = [
    { type: "first", capabilities: { portMappings: true } },
    { type: "second", own: 1 },
  ];
  writeFileSync(configPath, JSON.stringify({ cniVersion: "1.0.0", name: "net", plugins }));
  const options = { configPath, binaryDir: join(folder, "plugins"), poolSize, bridgeName: "b", bridgeSubnet: "" };
  const made = planNetworks("cni", options);
  if (made === undefined) throw new Error("no plan");
  return made;
}
const networksOf = (poolSize = 0) => new StepNetworks(plan(poolSize), join(folder, "state"), () => {});
/** The test's own patience ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

describe("a step's network", () => {
  test("is made by the plugins in turn, each told what the one before said, and given back in reverse", async () => {
    plugin("first", { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }], dns: {} });
    plugin("second", { cniVersion: "1.0.0", dns: { nameservers: ["10.0.0.1", "nonsense"], search: ["x.test"] } });
    await using networks = networksOf();
    const network = await networks.take("web");
    expect(network.dns).toEqual({ nameservers: ["10.0.0.1"], searchDomains: ["x.test"], options: [] });
    const [first, second] = calls();
    expect(first).toMatchObject({
      interface: "eth0",
      args: "K8S_POD_NAME=web;IgnoreUnknown=1",
      namespace: "there",
      config: { type: "first", name: "net", cniVersion: "1.0.0" },
    });
    expect(first?.config).not.toHaveProperty("capabilities");
    expect(second?.config).toMatchObject({ own: 1, prevResult: { ips: [{ address: "10.0.0.2/24" }] } });
    await network[Symbol.asyncDispose]();
    expect(called()).toEqual(["ADD first", "ADD second", "DEL second", "DEL first"]);
    expect(calls()[3]?.config).toMatchObject({ prevResult: { dns: { search: ["x.test"] } } });
    expect(new Set(calls().map(({ id }) => id)).size).toBe(1);
  });

  test("that a plugin refuses is no network: what was made is taken away, and the plugin's words are told", async () => {
    plugin("first", { cniVersion: "1.0.0" });
    plugin("second", { code: 7, msg: "no address left", details: "in 10.0.0.0/24" }, 1);
    await using networks = networksOf();
    await expect(networks.take("")).rejects.toThrow(
      'CNI setup error: plugin type="second" failed (add): no address left; in 10.0.0.0/24',
    );
    expect(called()).toEqual(["ADD first", "ADD second", "DEL second", "DEL first"]);
  });

  test("whose plugin is missing says where it was looked for", async () => {
    plugin("first", { cniVersion: "1.0.0" });
    await using networks = networksOf();
    await expect(networks.take("")).rejects.toThrow(`failed to find plugin "second" in path [${folder}/plugins]`);
  });

  test("does not tell plugins of a host name that would say more", async () => {
    for (const name of ["first", "second"]) plugin(name, { cniVersion: "1.0.0" });
    await using networks = networksOf();
    const network = await networks.take("a;IgnoreUnknown=0");
    await network[Symbol.asyncDispose]();
    expect(calls()[0]?.args).toBe("");
  });
});

test("so many as were asked for are kept ready, none is used twice, and all are given back", async () => {
  for (const name of ["first", "second"]) plugin(name, { cniVersion: "1.0.0" });
  {
    await using networks = networksOf(2);
    const one = await networks.take("");
    await until(() => called().filter((call) => call === "ADD second").length >= 3);
    const two = await networks.take("");
    expect(two.path).not.toBe(one.path);
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
  }
  const ids = (command: string) => calls().flatMap((call) => (call.command === command ? [call.id] : []));
  expect([...new Set(ids("DEL"))].sort()).toEqual([...new Set(ids("ADD"))].sort());
  expect(readdirSync(join(folder, "state"))).toEqual([]);
});

test("builders with roots of their own make their first networks one after the other", async () => {
  for (const name of ["first", "second"]) plugin(name, { cniVersion: "1.0.0" });
  const busy = join(folder, "busy");
  const script = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
mkdir ${busy} || exit 1
sleep 0.2
rmdir ${busy}
echo '{"cniVersion": "1.0.0"}'
`;
  writeFileSync(join(folder, "plugins/first"), script);
  const builders = ["one", "two", "three"].map((root) => new StepNetworks(plan(), join(folder, root), () => {}));
  const taken = await Promise.all(builders.map((networks) => networks.take("")));
  expect(new Set(taken.map(({ path }) => path)).size).toBe(3);
  for (const network of taken) await network[Symbol.asyncDispose]();
  for (const networks of builders) await networks[Symbol.asyncDispose]();
});

test("a builder that is killed leaves none: its watchdog gives them back", async () => {
  for (const name of ["first", "second"]) plugin(name, { cniVersion: "1.0.0" });
  const program = `
    import { StepNetworks } from ${JSON.stringify(join(import.meta.dirname, "networks.ts"))};
    const networks = new StepNetworks(JSON.parse(process.argv[2]), process.argv[3], () => {});
    await networks.take("");
    console.log("taken");
    setInterval(() => {}, 1000);`;
  const state = join(folder, "state");
  writeFileSync(join(folder, "builder.mjs"), program);
  const args = [join(folder, "builder.mjs"), JSON.stringify(plan()), state];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve).once("end", resolve));
  child.kill("SIGKILL");
  await ended;
  await until(() => readdirSync(state).length === 0);
  const ends = calls().filter(({ command }) => command === "DEL");
  expect(ends.map((call) => call.plugin).slice(0, 2)).toEqual(["second", "first"]);
  expect(ends.every(({ namespace, id }) => namespace === "there" && id === calls()[0]?.id)).toBe(true);
});

describe("planNetworks()", () => {
  const options = {
    configPath: "/nowhere/c.json",
    binaryDir: "/nowhere",
    poolSize: 0,
    bridgeName: "b",
    bridgeSubnet: "",
  };

  test("says what is missing, as upstream does", () => {
    const enoent = (path: string) => `stat ${path}: no such file or directory`;
    expect(() => planNetworks("cni", options)).toThrow(
      `failed to read cni config "/nowhere/c.json": ${enoent("/nowhere/c.json")}`,
    );
    expect(() => planNetworks("cni", { ...options, configPath: import.meta.filename })).toThrow(
      `failed to read cni binary dir "/nowhere": ${enoent("/nowhere")}`,
    );
    expect(() => planNetworks("bridge", options)).toThrow(
      `failed to find CNI bridge "/nowhere/bridge" or buildkit-cni-bridge: ${enoent("/nowhere/bridge")}`,
    );
    expect(() => planNetworks("x", options)).toThrow('invalid network mode: "x"');
  });

  test("leaves steps the machine's network where nothing is configured", () => {
    for (const mode of ["", "auto", "host", "none"]) expect(planNetworks(mode, options)).toBeUndefined();
    expect(networkKind("auto", options)).toBe("host");
    expect(networkKind("auto", { ...options, configPath: import.meta.filename })).toBe("cni");
  });
});

describe("readNetworkList()", () => {
  const read = (text: string) => {
    writeFileSync(join(folder, "c.json"), text);
    return readNetworkList(join(folder, "c.json"));
  };

  test("takes a single plugin for a list of one", () => {
    const list = read('{"cniVersion":"0.3.1","name":"n","type":"bridge","bridge":"b"}');
    expect(list).toMatchObject({ name: "n", cniVersion: "0.3.1", plugins: [{ type: "bridge", bridge: "b" }] });
  });

  test.each([
    ["[]", "it is no JSON object"],
    ['{"type":"x"}', "it has no valid name"],
    ['{"name":"n","plugins":[]}', "it has no plugins"],
    ['{"name":"n","plugins":[{"type":"../bin/sh"}]}', "a plugin has no valid type"],
    ['{"name":"n","type":".."}', "a plugin has no valid type"],
    ['{"name":"n","cniVersion":1,"type":"x"}', "cniVersion is no version"],
  ])("refuses %s", (text, why) => {
    expect(() => read(text)).toThrow(why);
  });
});
