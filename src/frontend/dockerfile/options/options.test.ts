import { describe, expect, it } from "vitest";
import { isNoCache, readOptions } from "./options.ts";

const worker = [{ os: "linux", architecture: "amd64" }];
const read = (options: Record<string, string>) => readOptions(options, worker);

describe("readOptions()", () => {
  it("has a default for everything", () => {
    expect(read({})).toMatchObject({
      target: "",
      targetPlatforms: [],
      buildPlatforms: worker,
      multiPlatform: false,
      imageResolveMode: "default",
      networkMode: "sandbox",
      shmSize: 0,
      noCache: undefined,
      linuxResources: undefined,
      labs: false,
    });
  });

  it("sorts build arguments and labels out of the map", () => {
    const { buildArgs, labels } = read({ "build-arg:A": "1", "build-arg:B": "", "label:x.y": "z", other: "o" });
    expect([...buildArgs]).toEqual([
      ["A", "1"],
      ["B", ""],
    ]);
    expect(labels).toEqual({ "x.y": "z" });
  });

  it("takes several platforms for a multi-platform result, one only when told", () => {
    expect(read({ platform: "linux/arm64,linux/amd64" }).multiPlatform).toBe(true);
    expect(read({ platform: "linux/arm64" }).multiPlatform).toBe(false);
    expect(read({ platform: "linux/arm64", "multi-platform": "true" }).multiPlatform).toBe(true);
    expect(read({ "build-arg:BUILDKIT_MULTI_PLATFORM": "1", "multi-platform": "0" }).multiPlatform).toBe(true);
  });

  it("reads hosts as Go prints them", () => {
    const { extraHosts } = read({ "add-hosts": '"A=0:0::1",b=::ffff:1.2.3.4,c=1.2.3.4' });
    expect(extraHosts).toEqual([
      { host: "a", ip: "::1" },
      { host: "b", ip: "1.2.3.4" },
      { host: "c", ip: "1.2.3.4" },
    ]);
  });

  it("reads limits", () => {
    expect(read({ ulimit: "nofile=10:20,core=-1" }).ulimits).toEqual([
      { name: "nofile", soft: 10, hard: 20 },
      { name: "core", soft: -1, hard: -1 },
    ]);
    expect(read({ memory: "100", memswap: "-1", cpusetcpus: "0-1,3" }).linuxResources).toMatchObject({
      memory: 100,
      memorySwap: -1,
      cpusetCpus: "0-1,3",
    });
  });

  it.each([
    [{ "add-hosts": "a=b" }, "failed to parse additional hosts: failed to parse IP b"],
    [{ ulimit: "nofile=5:1" }, "ulimit soft limit must be less than or equal to hard limit: 5 > 1"],
    [{ ulimit: "weird=1" }, "failed to parse ulimit: invalid ulimit type: weird"],
    [
      { cpusetcpus: "3-1" },
      'failed to parse resource limits: invalid cpusetcpus value: 3-1: invalid cpuset range "3-1"',
    ],
    [{ cpusetcpus: "99999" }, 'cpuset element "99999" exceeds maximum 8192'],
    [{ memory: "0" }, "invalid memory value: 0: must be > 0"],
    [{ memswap: "-2" }, "must be -1 (unlimited) or > 0"],
    [
      { "multi-platform": "0", platform: "linux/amd64,linux/arm64" },
      "conflicting config: returning multiple target platforms is not allowed",
    ],
    [{ "attest:weird": "" }, 'unknown attestation type "weird"'],
    [{ "build-arg:BUILDKIT_DISABLE_FILEOP": "1" }, "was removed in BuildKit 0.11"],
  ])("refuses %j", (options, message) => {
    expect(() => read(options as Record<string, string>)).toThrow(message);
  });
});

describe("isNoCache()", () => {
  it("is all stages without a list, else those named in any letter case", () => {
    expect(isNoCache(read({}), "a")).toBe(false);
    expect(isNoCache(read({ "no-cache": "" }), "a")).toBe(true);
    expect(isNoCache(read({ "no-cache": "B,A" }), "a")).toBe(true);
    expect(isNoCache(read({ "no-cache": "b" }), "a")).toBe(false);
  });
});
