import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json, Lab } from "../support/lab.ts";
import { folderOf, useStage } from "../support/scenario.ts";
import { startWeb, type TestWeb } from "../support/web.ts";

const seconds = (date: string) => Math.floor(Date.parse(date) / 1000);

interface Dated {
  /** Seconds that the config says. */
  readonly created: number;
  readonly history: readonly number[];
  /** `buildkit/rewritten-timestamp` of each layer. */
  readonly rewritten: readonly (string | undefined)[];
  /** Text of a file of the last layer. */
  file(name: string): string;
}

/** Builds an OCI layout with those exporter attributes. */
async function dated(lab: Lab, attributes: string, options: readonly string[] = []): Promise<Dated> {
  const folder = mkdtempSync(join(lab.folder, "layout-"));
  const args = options.flatMap((option) => ["--opt", option]);
  const { code, log } = await lab.run([...args, "--output", `type=oci,tar=false,dest=${folder}${attributes}`]);
  if (code !== 0) throw new Error(log);
  const path = (digest: string) => join(folder, "blobs", digest.replace(":", "/"));
  const json = (file: string): Json => JSON.parse(readFileSync(file, "utf8"));
  const manifest = json(path(json(join(folder, "index.json")).manifests[0].digest));
  const config = json(path(manifest.config.digest));
  return {
    created: seconds(config.created),
    history: config.history.map((record: Json) => seconds(record.created)),
    rewritten: manifest.layers.map((layer: Json) => layer.annotations?.["buildkit/rewritten-timestamp"]),
    file: (name) => execFileSync("tar", ["-xzOf", path(manifest.layers.at(-1).digest), name], { encoding: "utf8" }),
  };
}

const rewrite = ",rewrite-timestamp=true";

describe("SOURCE_DATE_EPOCH as a number", () => {
  const stage = useStage();

  test("dates the config and its history, also when the exporter is told no date", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nENTRYPOINT foo bar\nCOPY Dockerfile .\n" });
    const found = await dated(lab, ",source-date-epoch=", ["build-arg:SOURCE_DATE_EPOCH=1700000001"]);
    expect(found.created).toBe(1700000001);
    expect(found.history).toEqual([1700000001, 1700000001]);
  });

  test("may be the Dockerfile's own, which the caller and the exporter override", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "ARG SOURCE_DATE_EPOCH=1445412480\nFROM scratch\nCOPY Dockerfile .\n" });
    expect((await dated(lab, rewrite)).rewritten).toEqual(["1445412480"]);
    const overridden = await dated(lab, rewrite, ["build-arg:SOURCE_DATE_EPOCH=1700000002"]);
    expect(overridden.rewritten).toEqual(["1700000002"]);
    expect((await dated(lab, `${rewrite},source-date-epoch=`)).rewritten).toEqual([undefined]);
  });

  test("that is none is refused", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "ARG SOURCE_DATE_EPOCH=not-a-timestamp\nFROM scratch\nCOPY Dockerfile .\n" });
    await expect(dated(lab, "")).rejects.toThrow("invalid SOURCE_DATE_EPOCH: not-a-timestamp");
  });

  test("lowers newer times only, and leaves the base image as it is", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox
RUN touch -d '2010-01-01 12:34:56' /old && touch -d '2030-01-01 12:34:56' /new
COPY --link foo /foo
`,
      foo: "foo",
    });
    const found = await dated(lab, rewrite, ["build-arg:SOURCE_DATE_EPOCH=1673354096"]);
    expect(found.rewritten).toEqual([undefined, "1673354096", "1673354096"]);
    expect([found.created, ...found.history]).toEqual([1673354096, 0, 1673354096, 1673354096]);
    const plain = await dated(lab, "", ["build-arg:SOURCE_DATE_EPOCH=1673354096"]);
    expect(plain.rewritten).toEqual([undefined, undefined, undefined]);
  });

  test("gives the same image from an empty root", async () => {
    const { lab } = stage();
    lab
      .clear()
      .write({ Dockerfile: "FROM busybox\nRUN mkdir /d && touch /d/f\nWORKDIR /w/x\nCOPY --link foo d/\n", foo: "f" });
    const meta = join(lab.folder, "meta.json");
    const digest = async () => {
      const output = ["--output", `type=oci,dest=${lab.folder}/out.tar${rewrite}`, "--metadata-file", meta];
      const { code, log } = await lab.run(["--opt", "build-arg:SOURCE_DATE_EPOCH=1673354096", ...output]);
      expect(code, log).toBe(0);
      return JSON.parse(lab.read(meta))["containerimage.digest"];
    };
    const first = await digest();
    rmSync(lab.root, { recursive: true });
    expect(await digest()).toBe(first);
  });
});

describe("SOURCE_DATE_EPOCH by name", () => {
  const stage = useStage();
  const epochFile = 'ARG SOURCE_DATE_EPOCH\nRUN echo -n "$SOURCE_DATE_EPOCH" > /epoch\n';

  /** A tar of those files, each with a time of its own. */
  const tarOf = (files: Readonly<Record<string, readonly [text: string, time: number]>>): Buffer => {
    const folder = folderOf(stage().lab, "tar");
    for (const [name, [text, time]] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      utimesSync(join(folder, name), time, time);
    }
    return execFileSync("tar", ["-C", folder, "-cf", "-", ...Object.keys(files)]);
  };

  test("context is the date of a git context's commit", async () => {
    const { lab } = stage();
    const git = folderOf(lab, "git");
    writeFileSync(join(git, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    const date = "2023-11-14T22:15:01Z";
    const commands = [
      "git init -q -b main",
      "git add Dockerfile",
      "git -c user.email=a@example.com -c user.name=a commit -q -m one",
      "git update-server-info",
    ];
    const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    execFileSync("sh", ["-ec", commands.join("\n")], { cwd: git, env });
    await using web = await startWeb({}, git);
    const found = await dated(lab, "", [`context=${web.url}/.git#main`, "build-arg:SOURCE_DATE_EPOCH=context"]);
    expect(found.created).toBe(seconds(date));
  });

  test("context is the date of a download, or that of the newest file in it", async () => {
    const { lab } = stage();
    const body = tarOf({
      Dockerfile: [`FROM busybox\n${epochFile}`, 1700000000],
      foo: ["bar", 1700000302],
    });
    await using web: TestWeb = await startWeb({
      "/dated.tar": { body, etag: "a", modified: new Date(1700000201_000) },
      "/undated.tar": { body, etag: "b" },
    });
    for (const [page, time] of [
      ["dated.tar", 1700000201],
      ["undated.tar", 1700000302],
    ] as const) {
      const found = await dated(lab, rewrite, [`context=${web.url}/${page}`, "build-arg:SOURCE_DATE_EPOCH=context"]);
      expect([found.created, found.rewritten.at(-1), found.file("epoch")]).toEqual([time, `${time}`, `${time}`]);
    }
  });

  test("context is no date for the caller's directory", async () => {
    const { lab } = stage();
    lab.clear().write({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const found = await dated(lab, rewrite, ["build-arg:SOURCE_DATE_EPOCH=context"]);
    expect(found.rewritten).toEqual([undefined]);
  });

  test("a stage that holds one download, or a named context, has its date", async () => {
    const { lab } = stage();
    const body = tarOf({ foo: ["bar", 1700000402] });
    await using web = await startWeb({
      "/undated.tar": { body, etag: "a" },
      "/dated.tar": { body, etag: "b", modified: new Date(1700000601_000) },
    });
    const own = `FROM scratch AS mysource\nADD ${web.url}/undated.tar /\n`;
    lab.clear().write({ Dockerfile: `ARG SOURCE_DATE_EPOCH=mysource\n${own}FROM busybox\n${epochFile}` });
    const staged = await dated(lab, rewrite);
    expect([staged.created, staged.rewritten.at(-1), staged.file("epoch")]).toEqual([
      1700000402,
      "1700000402",
      "1700000402",
    ]);
    const overridden = await dated(lab, rewrite, ["build-arg:SOURCE_DATE_EPOCH=1700000502"]);
    expect(overridden.rewritten.at(-1)).toBe("1700000502");
    lab.write({ Dockerfile: `ARG SOURCE_DATE_EPOCH=mysource\nFROM busybox\n${epochFile}` });
    for (const [page, time] of [
      ["dated.tar", 1700000601],
      ["undated.tar", 1700000402],
    ] as const) {
      const found = await dated(lab, rewrite, [`context:mysource=${web.url}/${page}`]);
      expect([found.created, found.rewritten.at(-1), found.file("epoch")]).toEqual([time, `${time}`, `${time}`]);
    }
  });

  test("a stage that does other things is refused", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile:
        "ARG SOURCE_DATE_EPOCH=mysource\nFROM scratch AS mysource\nCOPY Dockerfile /Dockerfile\nFROM scratch\n",
    });
    await expect(dated(lab, "")).rejects.toThrow("SOURCE_DATE_EPOCH stage does not meet source-only requirements");
  });
});
