import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { workerPlatforms } from "./worker-platforms.ts";

let proc = "";
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), "cooper-proc-"));
  mkdirSync(join(proc, "sys/fs/binfmt_misc"), { recursive: true });
  mkdirSync(join(proc, "sys/abi"), { recursive: true });
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

const of = (architecture: string) =>
  workerPlatforms({ os: "linux", architecture }, { path: proc }).map((one) =>
    [one.architecture, one.variant].filter((part) => part !== undefined).join("/"),
  );
const emulator = (name: string, state: string, flags: string) => {
  const text = `${state}\ninterpreter /nowhere/qemu\nflags: ${flags}\noffset 0\n`;
  writeFileSync(join(proc, "sys/fs/binfmt_misc", `qemu-${name}`), text);
};

test("a processor's newer instruction sets are platforms of their own, up to the first that is not whole", () => {
  const v2 = "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3";
  writeFileSync(join(proc, "cpuinfo"), `processor : 0\nflags : fpu ${v2} avx avx2 avx512f\n`);
  expect(of("amd64")).toEqual(["amd64", "amd64/v2"]);
  writeFileSync(join(proc, "sys/abi/vsyscall32"), "1");
  expect(of("amd64")).toEqual(["amd64", "amd64/v2", "386"]);
});

test("emulators count that are on and can be reached", () => {
  emulator("aarch64", "enabled", "OCF");
  emulator("s390x", "disabled", "OCF");
  emulator("riscv64", "enabled", "");
  emulator("arm", "enabled", "F");
  expect(of("amd64")).toEqual(["amd64", "arm64", "arm/v7", "arm/v6"]);
  expect(of("arm64")).toEqual(["arm64", "arm/v7", "arm/v6"]);
});
