/** One storage root, used by processes with different rights: nothing breaks, and who may not use it is told so. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { RightsRoom } from "../support/rights.ts";

const dockerfile = `FROM scratch AS a
COPY --chown=3:4 --chmod=4600 file /file
FROM scratch
COPY --from=a /file /
`;

/** A user's folder with a context and a root, and the same folder with root's rights. */
function rooms() {
  const user = new RightsRoom("restricted");
  const work = join(user.folder, "work");
  mkdirSync(join(work, "context"));
  writeFileSync(join(work, "context/Dockerfile"), dockerfile);
  writeFileSync(join(work, "context/file"), "text");
  const root = new RightsRoom("privileged", { writable: [user.folder], cwd: work });
  const end = () => {
    for (const room of [root, user]) room[Symbol.dispose]();
  };
  return { user, root, work, [Symbol.dispose]: end };
}

const build = `node ${bundled("buildctl-daemonless")} build --progress=plain --frontend dockerfile.v0 --local context=context \
  --local dockerfile=context --opt build-arg:SOURCE_DATE_EPOCH=1 --output type=oci,rewrite-timestamp=true`;
const withRoot = 'BUILDKITD_FLAGS="--root $PWD/root"';
const digest = `${withRoot} ${build} | sha256sum`;

test("a user's root, used by root in between: both find their own results again, and the same image comes out", async () => {
  using both = rooms();
  const { user, root } = both;
  const first = await user.sh(digest);
  expect(await root.sh(digest)).toBe(first);
  const again = await user.run(["sh", "-ec", `${withRoot} ${build} >out`]);
  expect(again.code).toBe(0);
  expect(again.stderr.match(/CACHED/g)).toHaveLength(2);
  expect(await user.sh(digest)).toBe(first);
  expect((await root.run(["sh", "-ec", `${withRoot} ${build} >/dev/null`])).stderr.match(/CACHED/g)).toHaveLength(2);
  // A new file of the context: both go on writing.
  writeFileSync(join(both.work, "context/file"), "other text");
  const other = await user.sh(digest);
  expect(other).not.toBe(first);
  expect(await root.sh(digest)).toBe(other);
});

test("a user's prune takes what is the user's, and leaves what root made there", async () => {
  using both = rooms();
  await both.user.sh(digest);
  await both.root.sh(digest);
  const prune = `node --no-warnings ${resolve(import.meta.dirname, "../../src/storage/testing/prune-root.ts")} $PWD/root`;
  expect(await both.user.sh(prune)).toMatch(/^[1-9]\d* pruned, 2 snapshots left\n$/);
  expect(await both.root.sh(prune)).toMatch(/ 0 snapshots left\n$/);
});

test("a root of root's: a user is told whose it is", async () => {
  using both = rooms();
  await both.root.sh(digest);
  const { code, stderr } = await both.user.run(["sh", "-ec", `${withRoot} ${build} >out`]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/error: .*cannot open storage root ".*root": .*permission denied/);
  expect(stderr).toMatch(/hint: .*root belongs to uid 0, and this process is uid 1000/);
});
