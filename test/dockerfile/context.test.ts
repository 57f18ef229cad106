import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderOf, useStage } from "../support/scenario.ts";
import { startWeb } from "../support/web.ts";

const opts = (...options: string[]) => options.flatMap((option) => ["--opt", option]);

describe("where context and Dockerfile come from", () => {
  const stage = useStage();

  /** A tar of those files, compressed as tar's flag says. */
  const tarOf = (files: Readonly<Record<string, string>>, flag: string): Buffer => {
    const folder = folderOf(stage().lab, "tar");
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return execFileSync("tar", ["-C", folder, `-c${flag}f`, "-", "."]);
  };

  test.each(["", "z", "j", "J"])("an archive behind a URL (tar -c%s)", async (flag) => {
    const { lab } = stage();
    const body = tarOf({ Dockerfile: "FROM scratch\nCOPY sub/foo /\n", "sub/foo": "contents" }, flag);
    await using web = await startWeb({ "/context": { body, etag: flag || "plain" } });
    const { out } = await lab.build(opts(`context=${web.url}/context`));
    expect(lab.read(join(out, "foo"))).toBe("contents");
  });

  test("an archive behind a URL, of which a folder counts, with a Dockerfile of the caller's", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY foo bar\n" });
    const body = tarOf({ "sub/dir/foo": "contents", "sub/other": "" }, "");
    await using web = await startWeb({ "/context": { body } });
    const { out } = await lab.build(
      opts(`context=${web.url}/context`, "dockerfilekey=dockerfile", "contextsubdir=sub/dir"),
    );
    expect(lab.read(join(out, "bar"))).toBe("contents");
  });

  test("directories by other names", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY wrong /\n" });
    const other = folderOf(lab, "other");
    writeFileSync(join(other, "Other.Dockerfile"), "FROM scratch\nCOPY Other.Dockerfile /\nCOPY foo /\n");
    writeFileSync(join(other, "foo"), "other");
    await using web = await startWeb({ "/page": { body: tarOf({ foo: "far", "Other.Dockerfile": "" }, "") } });
    const args = ["--local", `mine=${other}`, ...opts("filename=Other.Dockerfile", "dockerfilekey=mine")];
    const { out } = await lab.build([...args, ...opts("contextkey=where", `where=${web.url}/page`)]);
    expect(lab.read(join(out, "foo"))).toBe("far");
  });

  test("a URL that is not there is told", async () => {
    const { lab } = stage();
    await using web = await startWeb();
    const { code, log } = await lab.run(opts(`context=${web.url}/nothing`));
    expect([code, log]).toEqual([
      1,
      expect.stringContaining(
        "failed to read downloaded context: failed to load cache key: invalid response status 404",
      ),
    ]);
  });
});

describe("RUN --device", () => {
  const stage = useStage();

  test("needs the labs channel", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM busybox\nRUN --device=/dev/null true\n" });
    const { code, log } = await lab.run();
    expect(log).toContain("device feature is only supported in Dockerfile frontend 1.14.0-labs or later");
    expect(code).toBe(1);
  });

  test("gives the step a device file, and leaves out one that is not there unless it is required", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox
RUN [ ! -e /dev/loop-control ]
RUN --device=/dev/kmsg,required --device=/dev/no-such-device [ -c /dev/kmsg ] && touch /ok
`,
    });
    const labs = opts("source=docker/dockerfile:1-labs", "cmdline=docker/dockerfile:1-labs");
    const refused = await lab.run(labs);
    expect([refused.code, refused.log]).toEqual([
      1,
      expect.stringContaining("device /dev/kmsg is requested by the build but not allowed"),
    ]);
    const { out } = await lab.build([...labs, "--allow", "device=/dev/kmsg"]);
    expect(lab.read(join(out, "ok"))).toBe("");
    lab.write({ Dockerfile: "FROM busybox\nRUN --device=vendor.example/device=foo,required true\n" });
    const { code, log } = await lab.run(labs);
    expect([code, log]).toEqual([1, expect.stringContaining("vendor.example/device=foo")]);
  });
});
