import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { startRegistry } from "./registry.ts";

test("the test registry serves a busybox that skopeo accepts", async () => {
  await using registry = await startRegistry();
  const image = `docker://${registry.host}/library/busybox:latest`;
  const text = execFileSync("skopeo", ["inspect", "--tls-verify=false", image], { encoding: "utf8" });
  expect(JSON.parse(text).Layers).toHaveLength(1);
});
