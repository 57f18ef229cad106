import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts", "conformance/**/*.test.ts"],
    // Forks, not threads: tests mount, chdir and signal; a worker thread cannot be isolated from that.
    pool: "forks",
    globalSetup: "test/support/leftovers.ts",
    maxWorkers: 2,
    // For what hangs; a test of some seconds may take minutes beside others on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 240_000,
  },
});
