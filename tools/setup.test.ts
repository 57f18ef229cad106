/** tools/setup.sh with stand-ins for the programs that it asks and calls. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-setup-"));
  for (const name of ["tools", "bin", "src", "node_modules/.bin"]) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(import.meta.dirname, "setup.sh"), join(folder, "tools/setup.sh"));
  writeFileSync(join(folder, "tools/build.ts"), "");
  writeFileSync(join(folder, "package-lock.json"), "{}\n");
  writeFileSync(join(folder, "tools/debian-packages.txt"), "# a comment\nrun runc steps\ntest skopeo reads images\n");
  stub("dpkg-query", 'echo "runc=installed skopeo=installed "');
  stub("npm", 'echo "npm $*" >>log; mkdir -p node_modules');
  stub("apt-get", 'echo "apt-get $*" >>log');
  stub("id", "echo 0");
  writeFileSync(
    join(folder, "node_modules/.bin/node"),
    '#!/bin/sh\necho "node $*" >>log; mkdir -p dist; touch dist/.built\n',
  );
  chmodSync(join(folder, "node_modules/.bin/node"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function stub(name: string, body: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}
function setup(...args: string[]) {
  writeFileSync(join(folder, "log"), "");
  const { status, stderr } = spawnSync("sh", ["tools/setup.sh", ...args], {
    cwd: folder,
    env: { PATH: `${folder}/bin:/usr/bin:/bin` },
    encoding: "utf8",
  });
  return { status, stderr, called: readFileSync(join(folder, "log"), "utf8") };
}

test("installs npm packages and builds, says so, and has nothing to do the second time", () => {
  const first = setup();
  expect(first).toMatchObject({ status: 0 });
  expect(first.called).toMatch(/^npm ci .*\nnode tools\/build\.ts\n$/);
  expect(first.stderr).toBe("setup: installing npm packages from package-lock.json\nsetup: building dist/\n");
  expect(setup()).toEqual({ status: 0, stderr: "", called: "" });
});

test("a changed lock file and a changed source are noticed", () => {
  setup();
  writeFileSync(join(folder, "package-lock.json"), '{ "changed": true }\n');
  expect(setup().called).toContain("npm ci");
  const later = new Date(Date.now() + 5000);
  writeFileSync(join(folder, "src/new.ts"), "");
  spawnSync("touch", ["-d", later.toISOString(), join(folder, "src/new.ts")]);
  expect(setup().called).toBe("node tools/build.ts\n");
});

test("root installs the packages that are missing, after refreshing the lists when that is needed", () => {
  stub("dpkg-query", 'echo "runc=installed skopeo=not-installed "');
  const once = setup();
  expect(once.called).toMatch(/apt-get .*install -y --no-install-recommends skopeo\n/);
  expect(once.stderr).toContain("setup: installing Debian packages: skopeo");
  stub("apt-get", 'echo "apt-get $*" >>log; case "$*" in *update*) touch updated ;; esac; [ -e updated ]');
  expect(setup().called).toMatch(/install .*\n.*update\n.*install .* skopeo\n$/);
});

test("without root it names the packages and the line that installs them, and stops", () => {
  stub("dpkg-query", 'echo "runc=not-installed "; exit 1');
  stub("id", "echo 1000");
  const { status, stderr, called } = setup();
  expect({ status, called }).toEqual({ status: 1, called: "" });
  expect(stderr).toContain("setup: these Debian packages are missing: runc skopeo");
  expect(stderr).toContain("apt-get install --no-install-recommends -y runc skopeo");
});

test("what only tests need is left out when asked", () => {
  stub("dpkg-query", 'echo "runc=installed "');
  expect(setup("run").called).not.toContain("apt-get");
});
